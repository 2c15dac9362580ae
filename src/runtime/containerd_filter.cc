#include "src/runtime/containerd_filter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

// A string literal of Go. containerd's scanner does not know \' and refuses
// unknown escapes.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) {
      absl::StrAppend(&quoted, "\\x", absl::Hex(c, absl::kZeroPad2));
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// `text` as a regular expression of Go that matches only itself.
std::string Literal(absl::string_view text) {
  std::string literal;
  for (const char c : text) {
    if (absl::StrContains("\\.+*?()|[]{}^$", c)) literal += '\\';
    literal += c;
  }
  return literal;
}

}  // namespace

std::string HasLabel(absl::string_view key) {
  return absl::StrCat("labels.", Quoted(key));
}

std::string LabelIs(absl::string_view key, absl::string_view value) {
  return absl::StrCat(HasLabel(key), "==", Quoted(value));
}

std::string LabelLists(absl::string_view key, absl::string_view item) {
  return absl::StrCat(HasLabel(key), "~=",
                      Quoted(absl::StrCat("(^|,)", Literal(item), "(,|$)")));
}

BlobSource SourceOf(const Reference& image) {
  const std::string& registry = image.registry();
  const std::string repository = image.repository().substr(registry.size() + 1);
  if (absl::StartsWith(registry, "[")) {
    return {registry.substr(1, registry.find(']') - 1), repository};
  }
  return {registry.substr(0, registry.find(':')), repository};
}

}  // namespace prepull
