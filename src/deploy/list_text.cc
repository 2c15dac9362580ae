#include "prepull/deploy/list_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
// U+FFFE and U+FFFF, which are not allowed in YAML.
constexpr absl::string_view kNonCharacters[] = {"\xEF\xBF\xBE", "\xEF\xBF\xBF"};

// Whether `line` is unchanged after it was written to a YAML block and read.
bool FitsYamlBlock(absl::string_view line) {
  const std::string blank = absl::StrReplaceAll(line, {{"\t", " "}});
  return Printable(blank, blank.size()) == blank &&
         !absl::StrContains(line, kByteOrderMark) &&
         !absl::StrContains(line, kNonCharacters[0]) &&
         !absl::StrContains(line, kNonCharacters[1]);
}

}  // namespace

absl::StatusOr<std::string> ListText(absl::string_view text) {
  absl::ConsumePrefix(&text, kByteOrderMark);
  std::string list = absl::StrReplaceAll(text, {{"\r\n", "\n"}});
  absl::StripTrailingAsciiWhitespace(&list);
  absl::StrAppend(&list, "\n");
  int number = 0;
  for (absl::string_view line : absl::StrSplit(list, '\n')) {
    ++number;
    if (FitsYamlBlock(line)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", number,
        IsUtf8(line) ? ": contains a control character" : ": invalid UTF-8"));
  }
  return list;
}

absl::Status CheckListSize(absl::string_view list) {
  if (list.size() <= kMaxList) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("too large: ", list.size(), " bytes, at most ", kMaxList,
                   " (1 MiB) fit into a ConfigMap"));
}

size_t SizeInAnnotation(absl::string_view list) {
  size_t size = 0;
  for (const char c : list) {
    const bool is_escaped = absl::StrContains("\n\t\"\\", c);
    const bool is_html = absl::StrContains("<>&", c);  // "\u003c"
    size += is_escaped ? 2 : is_html ? 6 : 1;
  }
  return size;
}

}  // namespace prepull
