// Which files of a catalogue its .indexignore files leave out. Pure.
//
// Their patterns are those of .gitignore. Source:
// https://git-scm.com/docs/gitignore#_pattern_format
#ifndef PREPULL_SRC_CATALOG_INDEX_IGNORE_H_
#define PREPULL_SRC_CATALOG_INDEX_IGNORE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

class IndexIgnore {
 public:
  // The .indexignore of `folder` ("" = the root) holds `text`. Its patterns
  // speak of what lies below that folder, and go before those of the folders
  // above.
  void Add(const std::string& folder, absl::string_view text);

  // Whether the file at `path` is left out, by itself or by a folder that it
  // lies in.
  bool Ignores(absl::string_view path) const;

 private:
  struct Pattern {
    std::vector<std::string> steps = {};  // "**" = any number of folders
    bool is_negated = false;
    bool is_folder = false;  // it concerns folders only
  };

  // Whether the last pattern that fits leaves it out.
  bool IgnoresItself(absl::string_view path, bool is_folder) const;

  std::map<std::string, std::vector<Pattern>, std::less<>> patterns_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_INDEX_IGNORE_H_
