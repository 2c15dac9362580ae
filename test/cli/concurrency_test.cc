#include "src/cli/concurrency.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

struct Row {
  std::string name;
  std::string version;
  int pulls;
  std::string where;
};

TEST(AutoConcurrencyTest, SuitsTheRuntime) {
  const std::vector<Row> rows = {
      {"containerd", "1.6.20~ds1", 10, "Debian 12"},
      {"containerd", "v1.7.24", 10, "upstream"},
      {"containerd", "2.0.5", 10, "upstream"},
      {"containerd", "v2.1.0", 4, "the first with one semaphore a node"},
      {"containerd", "v2.1.9", 4, "upstream"},
      {"containerd", "v2.1.5-k3s1", 4, "k3s"},
      {"containerd", "2.10.0", 4, "to come"},
      {"containerd", "v3.0.0-rc.1", 4, "to come"},
      {"cri-o", "1.37.0", 10, "no such limit"},
      {"cri-o", "2.1.0", 10, "no such limit"},
      {"", "", 10, "a runtime that is still starting"},
      {"containerd", "", 10, "unknown"},
      {"containerd", "unknown", 10, "a build without a version"},
      {"containerd", "2", 10, "cut short"},
      {"containerd", "<unknown>.1", 10, "unknown"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name + " " + row.version + ": " + row.where);
    EXPECT_EQ(AutoConcurrency({.name = row.name, .version = row.version}),
              row.pulls);
  }
}

}  // namespace
}  // namespace prepull
