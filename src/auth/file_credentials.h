// Credentials in files: docker configs, and the secrets that images name.
//
// The files are read for each call, which may block as long as a file server.
// Threads: safe to share.
#ifndef PREPULL_SRC_AUTH_FILE_CREDENTIALS_H_
#define PREPULL_SRC_AUTH_FILE_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/file_system.h"
#include "prepull/image/reference.h"
#include "src/auth/docker_config.h"
#include "src/auth/keyring.h"
#include "src/auth/warnings.h"

namespace prepull {

class FileCredentials {
 public:
  // `files` must outlive every call; `warnings` is shared with others.
  FileCredentials(CredentialOptions options, FileSystem& files,
                  std::shared_ptr<Warnings> warnings);

  // Returns the credentials of the docker configs for `image` or, if it names
  // a `secret`, of that alone. Errors: as CredentialFinder::Find for a secret.
  absl::StatusOr<CredentialsToTry> Find(const Reference& image,
                                        const std::string& secret);

  // Returns "PATH: KEY" of each usable entry.
  std::vector<std::string> Sources();

 private:
  absl::StatusOr<CredentialsToTry> FindInSecret(const Reference& image,
                                                const std::string& secret);
  // Returns the entries of all docker configs. Sets in `found` why one could
  // not be read, and which has none.
  std::vector<KeyringEntry> ReadConfigs(CredentialsToTry& found);
  std::vector<KeyringEntry> ReadConfig(const std::string& path,
                                       CredentialsToTry& found);
  std::vector<std::string> SecretNames();
  std::string SecretPath(const std::string& name) const;

  const CredentialOptions options_;
  FileSystem& files_;
  const std::shared_ptr<Warnings> warnings_;
};

// Reads the docker config at `path` or, from a folder such as a mounted Secret,
// all that are in it, in the order of their names.
//
// Of a folder, reads every regular file except those that begin with "..",
// which are the kubelet's own, and no folders. A file that is not a docker
// config is skipped silently unless it has the name of one (.dockerconfigjson,
// .dockercfg, *.json): a Secret may have other keys. Errors, each naming the
// path: those of FileSystem; DATA_LOSS  invalid JSON; INVALID_ARGUMENT  not a
// docker config, larger than 1 MiB, or neither file nor folder.
absl::StatusOr<DockerConfig> ReadDockerConfigs(const std::string& path,
                                               FileSystem& files);

// Whether reading again may succeed after `error`: a file that is missing
// (yet), unreadable or half written, rather than one with invalid contents.
bool IsTransient(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_FILE_CREDENTIALS_H_
