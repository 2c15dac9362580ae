// Text in columns, for people and for awk.
#ifndef PREPULL_BASE_TABLE_H_
#define PREPULL_BASE_TABLE_H_

#include <string>
#include <vector>

namespace prepull {

// Returns the rows under the header, if it is wanted: columns as wide as their
// widest cell, two blanks apart, "-" for an empty cell. A column whose title
// begins with '>' is aligned to the right.
//
// `rows`: each as long as `titles`.
std::string Table(const std::vector<std::string>& titles,
                  const std::vector<std::vector<std::string>>& rows,
                  bool with_header = true);

}  // namespace prepull

#endif  // PREPULL_BASE_TABLE_H_
