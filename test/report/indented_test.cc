#include <gtest/gtest.h>

#include "prepull/report/run_document.h"

namespace prepull {
namespace {

TEST(IndentedTest, SpreadsJsonOverLines) {
  EXPECT_EQ(Indented(R"({"a":1,"b":[1,{"c":null}],"d":{},"e":[]})"),
            R"({
  "a": 1,
  "b": [
    1,
    {
      "c": null
    }
  ],
  "d": {},
  "e": []
})");
}

TEST(IndentedTest, LeavesWhatStandsInStringsAlone) {
  EXPECT_EQ(Indented(R"(["{a:1,[]}","\"[\\",":"])"),
            "[\n  \"{a:1,[]}\",\n  \"\\\"[\\\\\",\n  \":\"\n]");
}

}  // namespace
}  // namespace prepull
