#include "prepull/image/platform.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// Go's name of an architecture for the kernel's and Debian's, which some build
// tools write.
std::string NormalArchitecture(const std::string& name) {
  static constexpr std::array<std::pair<absl::string_view, absl::string_view>,
                              6>
      kOtherNames = {{{"x86_64", "amd64"},
                      {"x86-64", "amd64"},
                      {"i386", "386"},
                      {"aarch64", "arm64"},
                      {"armhf", "arm"},
                      {"armel", "arm"}}};
  std::string lower = absl::AsciiStrToLower(name);
  for (const auto& [other, go] : kOtherNames) {
    if (lower == other) return std::string(go);
  }
  return lower;
}

}  // namespace

Platform OwnPlatform() {
#if defined(__x86_64__)
  return {.os = "linux", .architecture = "amd64"};
#elif defined(__aarch64__)
  return {.os = "linux", .architecture = "arm64", .variant = "v8"};
#elif defined(__powerpc64__)
  return {.os = "linux", .architecture = "ppc64le"};
#elif defined(__s390x__)
  return {.os = "linux", .architecture = "s390x"};
#else
#error "which name has this architecture in Go?"
#endif
}

std::string PlatformName(const Platform& platform) {
  const std::string text =
      absl::StrCat(platform.os, "/", platform.architecture,
                   platform.variant.empty() ? "" : "/", platform.variant);
  return Printable(text, 64);
}

bool RunsOn(const Platform& image, const Platform& node) {
  if (!absl::EqualsIgnoreCase(image.os, node.os)) return false;
  const std::string built_for = NormalArchitecture(image.architecture);
  const std::string runs = NormalArchitecture(node.architecture);
  return built_for == runs || (runs == "amd64" && built_for == "386") ||
         (runs == "arm64" && built_for == "arm");
}

}  // namespace prepull
