// Any bytes make accounts that can be used and warnings that can be shown, or
// one sentence.
#include <cstdint>

#include "absl/strings/match.h"
#include "prepull/base/text.h"
#include "src/auth/docker_config.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void RequireShown(absl::string_view text) {
  Require(absl::StartsWith(text, "file: "), "a text names the file");
  Require(text.size() < 512, "a text is short");
  Require(Printable(text, 512) == text, "a text is printable");
}

void RequireUsable(const Credential& credential) {
  RequireShown(credential.source);
  Require(!credential.username.empty() || !credential.identity_token.empty() ||
              !credential.registry_token.empty(),
          "an account has a user or a token");
  Require(IsUtf8(credential.username) && IsUtf8(credential.password),
          "an account is UTF-8");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<prepull::DockerConfig> config =
      prepull::ParseDockerConfig(text, "file");
  if (!config.ok()) {
    prepull::RequireShown(config.status().message());
    return 0;
  }
  prepull::Keyring keyring;
  for (const prepull::KeyringEntry& entry : config->entries) {
    prepull::RequireUsable(entry.credential);
    keyring.Add(entry);
  }
  for (const std::string& warning : config->warnings) {
    prepull::RequireShown(warning);
  }
  for (const char* image : {"busybox", "a.b.io:5000/team/app", "[::1]:5/x"}) {
    const auto found = keyring.Find(prepull::Reference::Parse(image).value());
    prepull::Require(found.size() <= config->entries.size(),
                     "no account comes from nowhere");
  }
  return 0;
}
