// The credentials that files hold: docker configs, and the secrets that images
// name. Read anew for each question; a read may hang as its file server does.
//
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
#include "src/auth/keyring.h"
#include "src/auth/warnings.h"

namespace prepull {

class FileCredentials {
 public:
  // `files` must outlive every call; `warnings` is shared with others.
  FileCredentials(CredentialOptions options, FileSystem& files,
                  std::shared_ptr<Warnings> warnings);

  // What the docker configs have for `image`, or, if it names a `secret`, that
  // alone. Errors: as CredentialFinder::Find's for a secret.
  absl::StatusOr<CredentialsToTry> Find(const Reference& image,
                                        const std::string& secret);

  // "PATH: KEY" of each usable entry.
  std::vector<std::string> Sources();

 private:
  absl::StatusOr<CredentialsToTry> FindInSecret(const Reference& image,
                                                const std::string& secret);
  // The entries of all docker configs. `unread`: why one could not be read.
  std::vector<KeyringEntry> ReadConfigs(std::string& unread);
  std::vector<KeyringEntry> ReadConfig(const std::string& path,
                                       std::string& unread);
  std::vector<std::string> SecretNames();
  std::string SecretPath(const std::string& name) const;

  const CredentialOptions options_;
  FileSystem& files_;
  const std::shared_ptr<Warnings> warnings_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_FILE_CREDENTIALS_H_
