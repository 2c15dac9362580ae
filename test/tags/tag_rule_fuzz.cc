// Any rule and any tags make a list of some of these tags, each once, and the
// same one whatever the order in which the registry names them.
#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/strings/str_split.h"
#include "prepull/base/text.h"
#include "prepull/tags/tag_rule.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void RequireShown(const absl::Status& status) {
  const std::string message(status.message());
  Require(Printable(message, 8192) == message, "the message can be shown");
}

void RequireSomeOf(const std::vector<std::string>& tags,
                   const std::vector<SelectedTag>& selected) {
  const std::set<std::string> known(tags.begin(), tags.end());
  std::set<std::string> seen;
  for (const SelectedTag& each : selected) {
    Require(known.contains(each.tag), "a selected tag is one of the tags");
    Require(IsTag(each.tag), "a selected tag can be pulled");
    Require(seen.insert(each.tag).second, "no tag twice");
  }
}

void Try(absl::string_view rule_text, std::vector<std::string> tags) {
  const absl::StatusOr<TagRule> rule = TagRule::Parse(rule_text);
  if (!rule.ok()) {
    RequireShown(rule.status());
    return;
  }
  const absl::StatusOr<std::vector<SelectedTag>> selected = rule->Select(tags);
  std::reverse(tags.begin(), tags.end());
  const absl::StatusOr<std::vector<SelectedTag>> reversed = rule->Select(tags);
  Require(selected.ok() == reversed.ok(), "the order of the tags has no say");
  if (!selected.ok()) {
    RequireShown(selected.status());
    return;
  }
  Require(*selected == *reversed, "the order of the tags has no say");
  RequireSomeOf(tags, *selected);
}

}  // namespace
}  // namespace prepull

// The first line is the rule, the others are tags.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const std::string rule = lines.front();
  lines.erase(lines.begin());
  prepull::Try(rule, std::move(lines));
  return 0;
}
