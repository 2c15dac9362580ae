#include "src/catalog/index_ignore.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace prepull {
namespace {

using Steps = absl::Span<const std::string>;

std::vector<std::string> StepsOf(absl::string_view path) {
  return absl::StrSplit(path, '/', absl::SkipEmpty());
}

// Removes trailing blanks, except one that is escaped by a backslash.
absl::string_view WithoutTrailingBlanks(absl::string_view line) {
  absl::ConsumeSuffix(&line, "\r");
  while (absl::EndsWith(line, " ") && !absl::EndsWith(line, "\\ ")) {
    line.remove_suffix(1);
  }
  return line;
}

bool StepMatches(const std::string& pattern, const std::string& step) {
  return fnmatch(pattern.c_str(), step.c_str(), 0) == 0;
}

// Backtracks to the last "**" only, so takes at most steps x pattern steps.
bool MatchesSteps(Steps pattern, Steps path) {
  size_t at = 0;
  size_t in_path = 0;
  std::optional<size_t> star;
  size_t star_path = 0;
  while (in_path < path.size()) {
    if (at < pattern.size() && pattern[at] == "**") {
      star = at++;
      star_path = in_path;
    } else if (at < pattern.size() && StepMatches(pattern[at], path[in_path])) {
      ++at;
      ++in_path;
    } else if (star.has_value()) {
      at = *star + 1;
      in_path = ++star_path;
    } else {
      return false;
    }
  }
  // "a/**" matches everything inside of a, but not a itself.
  return at == pattern.size();
}

}  // namespace

void IndexIgnore::Add(const std::string& folder, absl::string_view text) {
  std::vector<Pattern>& patterns = patterns_[folder];
  patterns.clear();
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = WithoutTrailingBlanks(line);
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    pattern.is_negated = absl::ConsumePrefix(&line, "!");
    pattern.is_folder = absl::ConsumeSuffix(&line, "/");
    const bool is_anchored = absl::StrContains(line, '/');
    pattern.steps = StepsOf(line);
    if (pattern.steps.empty()) continue;
    if (!is_anchored) pattern.steps.insert(pattern.steps.begin(), "**");
    patterns.push_back(std::move(pattern));
  }
}

bool IndexIgnore::Ignores(absl::string_view path) const {
  // A file in an excluded folder cannot be included again.
  for (size_t slash = path.find('/'); slash != absl::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (IgnoresItself(path.substr(0, slash), /*is_folder=*/true)) return true;
  }
  return IgnoresItself(path, /*is_folder=*/false);
}

bool IndexIgnore::IgnoresItself(absl::string_view path, bool is_folder) const {
  absl::string_view folder = path;
  do {
    const size_t slash = folder.rfind('/');
    folder = slash == absl::string_view::npos ? "" : folder.substr(0, slash);
    const auto own = patterns_.find(std::string(folder));
    if (own == patterns_.end()) continue;
    const std::vector<std::string> steps = StepsOf(path.substr(folder.size()));
    const auto last = std::find_if(own->second.rbegin(), own->second.rend(),
                                   [&](const auto& pattern) {
                                     return (is_folder || !pattern.is_folder) &&
                                            MatchesSteps(pattern.steps, steps);
                                   });
    if (last != own->second.rend()) return !last->is_negated;
  } while (!folder.empty());
  return false;
}

}  // namespace prepull
