#include "prepull/metrics/attempt_result.h"

#include <gmock/gmock.h>

#include <limits>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::HasSubstr;

// As image-prefetcher's server at 45eec4b prints it.
constexpr char kPulledJson[] =
    R"({"attempt_id":"0b0c9f7e-5d2a-4a51-9c6f-2f1f5a6c7d8e",)"
    R"("started_at":1764430000,"image":"quay.io/a:1","duration_ms":1500,)"
    R"("node":"worker-1","size_bytes":12345678901})";

AttemptResult PulledResult() {
  return {.attempt_id = "0b0c9f7e-5d2a-4a51-9c6f-2f1f5a6c7d8e",
          .started_at = 1764430000,
          .image = "quay.io/a:1",
          .duration_ms = 1500,
          .node = "worker-1",
          .size_bytes = 12345678901};
}

TEST(AttemptResultTest, IsTheJsonOfGo) {
  EXPECT_EQ(ResultJson(PulledResult()), kPulledJson);
}

TEST(AttemptResultTest, LeavesOutWhatIsZeroOrEmpty) {
  EXPECT_EQ(ResultJson({}), "{}");
  EXPECT_EQ(ResultJson({.attempt_id = "a", .error = "no \"such\"\nimage"}),
            R"({"attempt_id":"a","error":"no \"such\"\nimage"})");
}

TEST(AttemptResultTest, IsReadBack) {
  const AttemptResult extreme = {
      .attempt_id = "\x01\\\"\xc3\xa4\xe2\x80\xa8",
      .started_at = std::numeric_limits<int64_t>::min(),
      .duration_ms = std::numeric_limits<int64_t>::max(),
      .size_bytes = std::numeric_limits<int64_t>::max()};

  EXPECT_THAT(ParseResultJson(kPulledJson), IsOkAndHolds(PulledResult()));
  EXPECT_THAT(ParseResultJson("{}"), IsOkAndHolds(AttemptResult()));
  EXPECT_THAT(ParseResultJson(ResultJson(extreme)), IsOkAndHolds(extreme));
}

TEST(AttemptResultTest, RefusesWhatIsNoResult) {
  for (const char* json : {"", "[]", "{", "{\"attempt_id\":\"a\"", "null"}) {
    EXPECT_THAT(ParseResultJson(json),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(ParseResultJson(R"({"attempt_id":7})").status().message(),
              HasSubstr("attempt_id: expected a string"));
  EXPECT_THAT(ParseResultJson(R"({"size_bytes":"7"})").status().message(),
              HasSubstr("size_bytes: expected a number"));
}

}  // namespace
}  // namespace prepull
