// The help of a command: what it does, examples, flags, exit codes; 80
// columns, no colour.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "src/cli/command.h"
#include "src/cli/wrapped.h"

namespace prepull {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kTextColumn = 30;

std::string FlagHelp(const FlagDoc& flag) {
  const std::string head = absl::StrCat(
      "  ", flag.short_name.empty() ? "    " : flag.short_name + ", ",
      flag.name, flag.value.empty() ? "" : " ", flag.value);
  std::vector<std::string> notes;
  if (!flag.fallback.empty()) {
    notes.push_back(absl::StrCat("default ", flag.fallback));
  }
  if (flag.is_repeatable) notes.push_back("repeatable");
  notes.push_back(EnvironmentName(flag.name));
  return absl::StrCat(
      Wrapped(head, flag.text, kTextColumn),
      Wrapped("", absl::StrCat("[", absl::StrJoin(notes, "; "), "]"),
              kTextColumn));
}

// The flags of these names, in the order of `flags`; all for no names.
std::vector<FlagDoc> Only(const std::vector<std::string>& names,
                          const std::vector<FlagDoc>& flags) {
  if (names.empty()) return flags;
  std::vector<FlagDoc> found;
  for (const FlagDoc& flag : flags) {
    if (std::find(names.begin(), names.end(), flag.name) != names.end()) {
      found.push_back(flag);
    }
  }
  return found;
}

// The groups in the order in which the flags were declared, each once.
std::vector<std::string> Groups(const std::vector<FlagDoc>& flags) {
  std::vector<std::string> groups;
  for (const FlagDoc& flag : flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) {
      groups.push_back(flag.group);
    }
  }
  return groups;
}

}  // namespace

std::string Wrapped(const std::string& head, absl::string_view text,
                    size_t indent) {
  std::string out = head;
  size_t column = head.size();
  if (column + 1 >= indent && column > 0) {
    out.append("\n");
    column = 0;
  }
  out.append(indent - column, ' ');
  column = indent;
  bool is_first = true;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!is_first && column + 1 + word.size() > kColumns) {
      absl::StrAppend(&out, "\n", std::string(indent, ' '));
      column = indent;
      is_first = true;
    }
    absl::StrAppend(&out, is_first ? "" : " ", word);
    column += word.size() + (is_first ? 0 : 1);
    is_first = false;
  }
  out.append("\n");
  return out;
}

std::string Command::Help(bool all_flags) const {
  const std::vector<FlagDoc> shown =
      all_flags ? flags_ : Only(doc_.main_flags, flags_);
  std::string help = absl::StrCat(doc_.about, "\n\nUsage: prepull ", doc_.name);
  if (!flags_.empty()) absl::StrAppend(&help, " [FLAGS]");
  if (!doc_.positional.empty()) absl::StrAppend(&help, " ", doc_.positional);
  absl::StrAppend(&help, "\n\nExamples:\n");
  for (const std::string& example : doc_.examples) {
    absl::StrAppend(&help, "  ", example, "\n");
  }
  if (!doc_.positional_text.empty()) {
    absl::StrAppend(&help, "\n",
                    Wrapped(absl::StrCat("  ", doc_.positional),
                            doc_.positional_text, kTextColumn));
  }
  for (const std::string& group : Groups(shown)) {
    absl::StrAppend(&help, "\n", group, ":\n");
    for (const FlagDoc& flag : shown) {
      if (flag.group == group) absl::StrAppend(&help, FlagHelp(flag));
    }
  }
  if (shown.size() < flags_.size()) {
    absl::StrAppend(&help, "\nAll ", flags_.size(), " flags: 'prepull ",
                    doc_.name, " --help --all'.\n", doc_.more_help);
  }
  absl::StrAppend(&help, "\nExit codes:\n");
  for (const std::string& code : doc_.exit_codes) {
    absl::StrAppend(&help, "  ", code, "\n");
  }
  return help;
}

}  // namespace prepull
