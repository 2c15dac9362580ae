// Finds the credentials to try for an image: in docker config files, in the
// image's own secret, and from the kubelet's credential provider plugins.
//
// An error of one source is logged as a warning, once per distinct text, and
// the other sources are still used. No secret reaches a Status or the log.
// Source:
// https://kubernetes.io/docs/concepts/containers/images/#config-json
// https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
#ifndef PREPULL_AUTH_CREDENTIAL_FINDER_H_
#define PREPULL_AUTH_CREDENTIAL_FINDER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/image/reference.h"

namespace prepull {

// The credentials for an image.
struct CredentialsToTry {
  // In the order to try them; none means anonymous.
  std::vector<Credential> credentials = {};
  // Why a source that may have more could not be read or run this time: a
  // refusal is then not final. Empty if all could.
  std::string unread = "";
  // Which source was read and has none at all, for people: a Secret that a pod
  // may lack is an empty folder.
  std::string empty = "";
};

// Threads: safe to share.
class CredentialFinder {
 public:
  using Done = std::function<void(absl::StatusOr<CredentialsToTry>)>;

  // Kills running plugins and waits for their end (well under a second), and
  // for a file that is being read (a second at most). Calls each outstanding
  // `done` with CANCELLED, unless it waits for that file.
  virtual ~CredentialFinder() = default;

  // Finds the credentials for `image`: files first, then plugins, as the
  // kubelet tries a pod's secrets before its own plugins; of each the most
  // specific first; the same account once. Files are read on each call, on the
  // finder's own thread: one that hangs only delays other calls.
  //
  // `secret`: the name of the image's own secret, a file or folder below
  // CredentialOptions::secrets_dir, which is then the only source; empty if it
  // has none.
  // `done`: called once, before this returns or later on another thread. Must
  // not block, nor destroy the finder. Errors, each naming the secret:
  //   INVALID_ARGUMENT  its name is invalid, secrets_dir is missing, or it is
  //                     not a docker config
  //   NOT_FOUND    it is missing, or has no credentials for this image
  //   UNAVAILABLE  it could not be read this time
  virtual void Find(const Reference& image, const std::string& secret,
                    Done done) = 0;

  // Reports that a registry refused `credential` for `image`. Drops it from the
  // caches of plugins, so that the next Find runs them again.
  virtual void Refused(const Reference& image,
                       const Credential& credential) = 0;

  // Returns all sources, for people: "PATH: KEY" for each usable entry of the
  // docker configs and of the secrets, then "plugin NAME: PATTERN…" with the
  // patterns of its images. Reads the files.
  virtual std::vector<std::string> Sources() = 0;
};

struct CredentialOptions {
  // Paths of docker configs, or of folders with some (a mounted Secret).
  std::vector<std::string> docker_configs = {};
  // The folder of the secrets that images name, or empty.
  std::string secrets_dir = "";
  // The kubelet's CredentialProviderConfig and the folder of its plugins; both
  // or neither.
  std::string provider_config = "";
  std::string provider_bin_dir = "";
  // A plugin that takes longer is killed. The kubelet's value.
  absl::Duration provider_timeout = absl::Minutes(1);
};

// The seams must outlive the finder, and `files` also a read that hangs.
// Errors: INVALID_ARGUMENT  one of the two provider options is missing or
// cannot be read, or the provider config is invalid: the message names the file
// and the field. A missing plugin is a warning of the Find that needs it.
absl::StatusOr<std::unique_ptr<CredentialFinder>> MakeCredentialFinder(
    CredentialOptions options, FileSystem& files, Host& host, Clock& clock);

}  // namespace prepull

#endif  // PREPULL_AUTH_CREDENTIAL_FINDER_H_
