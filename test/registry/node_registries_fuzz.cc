// Any text is rules or an error that can be shown; what the rules make of a
// name is names of images or an error.
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "src/registry/hosts_toml.h"
#include "src/registry/registries_conf.h"
#include "test/support/require.h"

namespace prepull {
namespace {

constexpr char kDigest[] =
    "sha256:0123456789012345678901234567890123456789012345678901234567890123";

void RequireShowable(const absl::Status& error) {
  const std::string text(error.message());
  Require(text.size() <= 2000 && Printable(text, text.size()) == text,
          "an error is short and can be shown");
  Require(absl::StartsWith(text, "f:"), "an error names the file");
}

void TryPlaces(const NodeRegistries& node, const std::string& name) {
  const Reference image = *Reference::Parse(name);
  const auto places = node.PlacesOf(image);
  if (!places.ok()) return;
  Require(!places->empty(), "there is a place to ask");
  for (const Place& place : *places) {
    Require(place.image.digest() == image.digest(), "the digest is kept");
    Require(Reference::Parse(place.image.text()).ok(), "a place has a name");
  }
}

void Try(absl::string_view text) {
  NodeRegistries node;
  const auto rules = ParseRegistriesConf(text, "f");
  if (rules.ok()) node.Add(*rules);
  if (!rules.ok()) RequireShowable(rules.status());
  const auto rule = ParseHostsToml(text, "f");
  if (rule.ok()) node.AddRegistry("_default", *rule);
  if (!rule.ok()) RequireShowable(rule.status());
  for (const char* image :
       {"busybox", "quay.io/ocp/release:1", "a.b.example.com:5000/x/y"}) {
    TryPlaces(node, image);
    TryPlaces(node, absl::StrCat(image, "@", kDigest));
  }
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
