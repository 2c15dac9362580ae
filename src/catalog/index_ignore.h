// Which files of a catalogue are excluded by its .indexignore files. Pure.
//
// The patterns are those of .gitignore. Source:
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
  // Adds `text`, the .indexignore of `folder` ("" = the root). Its patterns
  // apply below that folder and override those of the folders above.
  void Add(const std::string& folder, absl::string_view text);

  // Whether the file at `path`, or a folder that contains it, is excluded.
  bool Ignores(absl::string_view path) const;

 private:
  struct Pattern {
    std::vector<std::string> steps = {};  // "**" = any number of folders
    bool is_negated = false;
    bool is_folder = false;  // matches folders only
  };

  // Whether the last matching pattern excludes it.
  bool IgnoresItself(absl::string_view path, bool is_folder) const;

  std::map<std::string, std::vector<Pattern>, std::less<>> patterns_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_CATALOG_INDEX_IGNORE_H_
