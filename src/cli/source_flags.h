// Sources besides lists, and how registries are asked: the flags that fetch,
// check and resolve share.
#ifndef PREPULL_SRC_CLI_SOURCE_FLAGS_H_
#define PREPULL_SRC_CLI_SOURCE_FLAGS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/http/http_client.h"
#include "prepull/registry/registry_client.h"
#include "prepull/source/sources.h"
#include "src/cli/command_context.h"

namespace prepull {

struct SourceArguments {
  SourceOptions sources;
  std::vector<std::string> insecure_registries;
  std::vector<std::string> mirrors;
  std::string ca_file;
  CredentialOptions credentials;
};

void AddSourceFlags(Command& command, SourceArguments& arguments);

// A client with all that it stands on.
//
// Threads: as RegistryClient.
class RegistryAccess {
 public:
  // Errors: INVALID_ARGUMENT  an option is wrong.
  static absl::StatusOr<std::unique_ptr<RegistryAccess>> Open(
      const SourceArguments& arguments, const CommandContext& context,
      Instant deadline);

  RegistryClient& client() { return *client_; }

 private:
  std::unique_ptr<CredentialFinder> credentials_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<RegistryClient> client_;
};

// The images of the sources. With `keeps_failures` a source that fails is a
// request without a reference, and all have half of the time until `deadline`.
// Errors: as ResolveSources'; without it also INVALID_ARGUMENT that names what
// has failed, or, where only registries were away until the deadline, what they
// said (IsPassing).
absl::StatusOr<SourceImages> ReadSources(const SourceArguments& arguments,
                                         const CommandContext& context,
                                         Instant deadline, bool keeps_failures);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_SOURCE_FLAGS_H_
