// For fuzz targets: a property that must hold, or the run ends.
#ifndef PREPULL_TEST_SUPPORT_REQUIRE_H_
#define PREPULL_TEST_SUPPORT_REQUIRE_H_

#include <cstdlib>
#include <iostream>

namespace prepull {

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "property broken: " << what << "\n";
  std::abort();
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_REQUIRE_H_
