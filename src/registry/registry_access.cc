#include "prepull/registry/registry_access.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "src/registry/node_files.h"

namespace prepull {
namespace {

// Returns the first of these variables that is set and not empty.
std::string FirstOf(std::initializer_list<const char*> names,
                    const Host& host) {
  for (const char* name : names) {
    std::string value = host.Environment(name).value_or("");
    if (!value.empty()) return value;
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<RegistryAccess>> RegistryAccess::Open(
    RegistryOptions options, const CredentialOptions& credentials,
    const Seams& seams) {
  ASSIGN_OR_RETURN(
      options.proxies,
      ProxyRules::Parse(FirstOf({"HTTP_PROXY", "http_proxy"}, seams.host),
                        FirstOf({"HTTPS_PROXY", "https_proxy"}, seams.host),
                        FirstOf({"NO_PROXY", "no_proxy"}, seams.host)));
  if (!options.host_root.empty()) {
    options.node = std::make_shared<const NodeRegistries>(
        ReadNodeRegistries(seams.files, options.host_root));
  }
  const std::string ca_file = FirstOf({"SSL_CERT_FILE"}, seams.host);
  if (!ca_file.empty()) options.ca_file = ca_file;
  std::unique_ptr<RegistryAccess> access(new RegistryAccess);
  ASSIGN_OR_RETURN(
      access->credentials_,
      MakeCredentialFinder(credentials, seams.files, seams.host, seams.clock));
  access->http_ = MakeHttpClient(seams.files, seams.clock);
  ASSIGN_OR_RETURN(
      access->client_,
      MakeRegistryClient(std::move(options), *access->http_,
                         *access->credentials_, seams.clock, SystemDice()));
  return access;
}

}  // namespace prepull
