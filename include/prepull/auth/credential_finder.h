// Finds the credentials to try for an image: in docker config files, in the
// image's own secret, and from the kubelet's credential provider plugins.
//
// What goes wrong with one source is a warning on the log, once per distinct
// text, and the other sources count on. No secret reaches a Status or the log.
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

// What was found for an image.
struct CredentialsToTry {
  // One after another; none means anonymous.
  std::vector<Credential> credentials = {};
  // Why a source that may have more could not be read or run this time: then a
  // refusal is no last word. Empty if all could.
  std::string unread = "";
};

// Threads: safe to share.
class CredentialFinder {
 public:
  using Done = std::function<void(absl::StatusOr<CredentialsToTry>)>;

  // Ends the plugins that run and waits for that (well under a second), and for
  // a file that is being read (a second at most). Each `done` that is still
  // owed is called with CANCELLED, unless it waits for that file.
  virtual ~CredentialFinder() = default;

  // Finds what to try for `image`, in this order. Files first, then plugins, as
  // the kubelet has a pod's secrets before its own plugins; of each the most
  // specific first; the same account is given once. Files are read anew, on
  // the finder's own thread: one that hangs holds up other questions alone.
  //
  // `secret`: the name of the image's own secret, a file or folder below
  // CredentialOptions::secrets_dir, which is then the only source; empty if it
  // has none.
  // `done`: called once, before this returns or later on another thread. It
  // must not block, nor destroy the finder. Errors, each naming the secret:
  //   INVALID_ARGUMENT  its name is no plain name, there is no secrets_dir, or
  //                     it is no docker config
  //   NOT_FOUND    it is missing, or has nothing for this image
  //   UNAVAILABLE  it could not be read this time
  virtual void Find(const Reference& image, const std::string& secret,
                    Done done) = 0;

  // Told that a registry refused `credential` for `image`: what a plugin
  // remembers of it is forgotten, so that the next Find asks it anew.
  virtual void Refused(const Reference& image,
                       const Credential& credential) = 0;

  // What is there to find, for people: "PATH: KEY" for each usable entry of
  // the docker configs and of the secrets, then "plugin NAME: PATTERN…" with
  // the patterns of its images. Reads anew.
  virtual std::vector<std::string> Sources() = 0;
};

struct CredentialOptions {
  // Each a docker config or a folder of them (a mounted Secret).
  std::vector<std::string> docker_configs = {};
  // Where the secrets that images name lie; empty: there are none.
  std::string secrets_dir = "";
  // The kubelet's CredentialProviderConfig and the folder of its plugins; both
  // or neither.
  std::string provider_config = "";
  std::string provider_bin_dir = "";
  // A plugin that takes longer is ended. The kubelet's number.
  absl::Duration provider_timeout = absl::Minutes(1);
};

// The three seams must outlive what is made, and `files` the thread of a read
// that hangs as well. Errors: INVALID_ARGUMENT  one of
// the two provider options is missing or leads nowhere, or the provider config
// is wrong: the message names the file and the place in it. That a plugin is
// missing is a warning of the Find that needs it.
absl::StatusOr<std::unique_ptr<CredentialFinder>> MakeCredentialFinder(
    CredentialOptions options, FileSystem& files, Host& host, Clock& clock);

}  // namespace prepull

#endif  // PREPULL_AUTH_CREDENTIAL_FINDER_H_
