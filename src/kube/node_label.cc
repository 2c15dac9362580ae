#include "prepull/kube/node_label.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kAutoPrefix = "image-prefetcher.stackrox.io/";
constexpr size_t kMaxName = 63;
constexpr absl::string_view kPunctuation = "._-";

// Replaces each run of invalid characters by one "-", then removes what must
// not be first or last.
std::string Sanitised(absl::string_view text) {
  std::string name;
  bool in_run = false;
  for (const char c : text) {
    const bool is_valid =
        absl::ascii_isalnum(c) || absl::StrContains(kPunctuation, c);
    if (is_valid || !in_run) name.push_back(is_valid ? c : '-');
    in_run = !is_valid;
  }
  name.resize(std::min(name.size(), kMaxName));
  const absl::string_view cut = name;
  const size_t first = cut.find_first_not_of(kPunctuation);
  if (first == absl::string_view::npos) return "prefetcher";
  return std::string(
      cut.substr(first, cut.find_last_not_of(kPunctuation) + 1 - first));
}

}  // namespace

absl::StatusOr<NodeLabel> ParseNodeLabel(absl::string_view text) {
  NodeLabel label;
  const size_t equals = text.find('=');
  label.key = std::string(text.substr(0, equals));
  RETURN_IF_ERROR(CheckLabelKey(label.key));
  if (equals == absl::string_view::npos) return label;
  const std::array<std::string*, 3> slots = {&label.succeeded, &label.failed,
                                             &label.incomplete};
  const std::vector<absl::string_view> values =
      absl::StrSplit(text.substr(equals + 1), ',');
  if (values.size() > slots.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(text, 300),
                     "\": too many values: expected at most three"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", Printable(text, 300), "\": empty value"));
    }
    RETURN_IF_ERROR(CheckLabelValue(values[i]));
    *slots[i] = std::string(values[i]);
  }
  return label;
}

std::string AutoLabelKey(absl::string_view instance) {
  return absl::StrCat(kAutoPrefix, Sanitised(instance));
}

std::string ValueAfter(const NodeLabel& label, ExitCode code) {
  switch (FactsOf(code).result) {
    case RunResult::kSucceeded:
      return label.succeeded;
    case RunResult::kIncomplete:
      return label.incomplete;
    case RunResult::kFailed:
      break;
  }
  return label.failed;
}

}  // namespace prepull
