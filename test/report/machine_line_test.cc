#include "prepull/report/machine_line.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kHash[] = "0ed9e5f3c7f62b06";

Run EndedRun(std::vector<ImageOutcome> images, const RunEnd& end,
             int64_t bytes = 0) {
  Run run({.id = "6f0c1b2a9d"});
  run.EnterList(std::move(images), kHash);
  run.UpdateBytes({.done = bytes});
  run.End(end, absl::UnixEpoch());
  return run;
}

std::vector<ImageOutcome> Images(
    const std::vector<std::pair<int, ImageState>>& counts) {
  std::vector<ImageOutcome> images;
  for (const auto& [count, state] : counts) {
    images.resize(images.size() + count,
                  {.image = "quay.io/a:1", .state = state});
  }
  return images;
}

TEST(MachineLineTest, TellsTheStateOfEachImage) {
  std::vector<ImageOutcome> images = Images({{8, ImageState::kSkipped},
                                             {40, ImageState::kPulled},
                                             {2, ImageState::kFailed}});
  images[48].reason = Reason::kNotFound;
  images[49].reason = Reason::kStalled;
  images[49].message = "nothing arrived for 5m";

  EXPECT_EQ(MachineLine(EndedRun(std::move(images),
                                 {ExitCode::kImagesFailed, Phase::kFailed},
                                 39859879123),
                        absl::Milliseconds(812900)),
            R"({"prepull":1,"run":"6f0c1b2a9d","list":"0ed9e5f3c7f62b06",)"
            R"("code":1,"n":[50,40,8,2,0],"bytes":39859879123,"s":812,)"
            R"("st":"8S40P2F","f":[[48,"NotFound"],)"
            R"([49,"Stalled","nothing arrived for 5m"]]})");
}

TEST(MachineLineTest, OfARunWithoutAListSaysWhy) {
  prepull::Run run({.id = "6f"});
  run.End({.code = ExitCode::kBadInput,
           .phase = Phase::kFailed,
           .reason = Reason::kBadInput,
           .message = "list \"x\": no such file"},
          absl::UnixEpoch());

  EXPECT_EQ(MachineLine(run, absl::ZeroDuration()),
            R"({"prepull":1,"run":"6f","list":null,"code":2,"n":null,"s":0,)"
            R"("why":"list \"x\": no such file"})");
}

TEST(MachineLineTest, PutsFailuresBeforeWhatWasStopped) {
  std::vector<ImageOutcome> images =
      Images({{1, ImageState::kStopped}, {1, ImageState::kFailed}});
  images[0].reason = Reason::kTimeout;
  images[1].reason = Reason::kNotFound;

  EXPECT_THAT(MachineLine(EndedRun(std::move(images),
                                   {ExitCode::kStopped, Phase::kTimedOut}),
                          absl::ZeroDuration()),
              EndsWith(R"("st":"1T1F","f":[[1,"NotFound"],[0,"Timeout"]]})"));
}

TEST(MachineLineTest, PacksManyChangesIntoTwoBitsAnImage) {
  std::vector<ImageOutcome> images;
  for (int i = 0; i < 5000; ++i) {
    images.push_back(
        {.state = i % 2 == 0 ? ImageState::kPulled : ImageState::kSkipped});
  }
  const std::string line =
      MachineLine(EndedRun(std::move(images), {ExitCode::kOk}), absl::Hours(1));

  EXPECT_THAT(line, HasSubstr(R"("st2":"ERERER)"));
  EXPECT_LE(line.size(), kMaxMachineLineBytes);
}

TEST(MachineLineTest, LeavesTheStatesOutWhereTheyHaveNoRoom) {
  std::vector<ImageOutcome> images;
  for (int i = 0; i < 8000; ++i) {
    images.push_back(
        {.state = i % 2 == 0 ? ImageState::kPulled : ImageState::kFailed,
         .reason = i % 2 == 0 ? Reason::kNone : Reason::kTimeout,
         .message = i % 2 == 0 ? "" : std::string(500, '"')});
  }
  const std::string line = MachineLine(
      EndedRun(std::move(images), {ExitCode::kImagesFailed, Phase::kFailed}),
      absl::Hours(1));

  EXPECT_THAT(line, Not(HasSubstr("\"st")));
  EXPECT_LE(line.size(), kMaxMachineLineBytes);
  const absl::StatusOr<MachineResult> read = ParseMachineLine(line);
  ASSERT_THAT(read, IsOk());
  EXPECT_FALSE(read->states.has_value());
  EXPECT_EQ(read->counts.failed, 4000);
  EXPECT_EQ(read->failures[0].image, 1);
}

TEST(MachineLineTest, IsTheLastLineOfAMessage) {
  const std::string line =
      MachineLine(EndedRun(Images({{3, ImageState::kPulled}}), {ExitCode::kOk}),
                  absl::Seconds(5));

  const absl::StatusOr<MachineResult> read = ParseMachineLine(
      absl::StrCat("3 of 3 images present (5.0s)\n", line, "\n"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->run_id, "6f0c1b2a9d");
  EXPECT_EQ(read->list_hash, kHash);
  EXPECT_EQ(read->code, ExitCode::kOk);
  EXPECT_EQ(read->took, absl::Seconds(5));
  EXPECT_THAT(*read->states,
              ElementsAre(ImageState::kPulled, ImageState::kPulled,
                          ImageState::kPulled));
  EXPECT_THAT(ParseMachineLine(absl::StrCat(line, "\nmore")),
              StatusIs(StatusCode::kInvalidArgument,
                       "no machine line: expected a last line that begins "
                       "with {\"prepull\":"));
}

TEST(MachineLineTest, KeepsHowARunWasStopped) {
  const auto phase_after = [](Phase phase) {
    const auto read = ParseMachineLine(
        MachineLine(EndedRun(Images({{1, ImageState::kStopped}}),
                             {ExitCode::kStopped, phase}),
                    absl::ZeroDuration()));
    return read.value().phase;
  };

  EXPECT_EQ(phase_after(Phase::kTimedOut), Phase::kTimedOut);
  EXPECT_EQ(phase_after(Phase::kInterrupted), Phase::kInterrupted);
}

struct DamagedRow {
  std::vector<std::pair<std::string, std::string>> replaced;
  std::string why;
};

TEST(MachineLineTest, TrustsNoNumber) {
  const std::string line =
      R"({"prepull":1,"run":"6f","list":"0e","code":1,"n":[4,1,1,2,0],)"
      R"("bytes":1,"s":2,"st":"1P1S2F","f":[[2,"NotFound"]]})";
  ASSERT_THAT(ParseMachineLine(line), IsOk());
  const std::vector<DamagedRow> rows = {
      {{{":1,\"run\"", ":2,\"run\""}}, "prepull: expected 1"},
      {{{"\"6f\"", "6"}}, "run: expected a text"},
      {{{"\"list\"", "\"lis\""}}, "list: missing"},
      {{{"\"0e\"", "null"}}, "n: expected null without a list"},
      {{{"\"code\":1", "\"code\":256"}},
       "code: expected a number from 0 to 255"},
      {{{"\"code\":1", "\"code\":\"1\""}}, "code: expected a number"},
      {{{"[4,1,1,2,0]", "[4,1,1,2]"}}, "n: expected five numbers"},
      {{{"[4,1,1,2,0]", "[4,1,1,2,1]"}}, "n: the parts do not make the total"},
      {{{"[4,1,1,2,0]", "[4,-1,3,2,0]"}}, "n: expected a number from 0"},
      {{{"[4,1,1,2,0]", "[9000000000,9000000000,0,0,0]"}}, "n: expected"},
      {{{"[4,1,1,2,0]", "[4,2,0,2,0]"}}, "st: the states are not those of n"},
      {{{"1P1S2F", "1P1S3F"}}, "st: expected the states of 4 images"},
      {{{"1P1S2F", "1P1S1F"}}, "st: expected the states of 4 images"},
      {{{"1P1S2F", "P1S2F"}}, "st: expected"},
      {{{"1P1S2F", "01P1S2F"}}, "st: expected"},
      {{{"1P1S2F", "1P1S2X"}}, "st: expected"},
      {{{"1P1S2F", "18446744073709551617P"}}, "st: expected"},
      {{{"\"1P1S2F\"", "4"}}, "st: expected"},
      {{{"\"st\":\"1P1S2F\"", "\"st2\":\"GoA=\""}},
       "st2: expected the states of 4 images"},
      {{{"\"st\":\"1P1S2F\"", "\"st2\":\"!!\""}}, "st2: expected"},
      {{{"\"bytes\":1", "\"bytes\":-1"}}, "bytes: expected"},
      {{{"\"s\":2", "\"s\":1e300"}}, "s: expected"},
      {{{"[[2,", "[[4,"}}, "f: place: expected a number from 0 to 3"},
      {{{"[[2,", "[[0,"}}, "f: the place of an image that is on the node"},
      {{{"[[2,\"NotFound\"]]", "[[2]]"}}, "f: expected a place and a reason"},
      {{{"[[2,\"NotFound\"]]", "{}"}}, "f: expected an array"},
      {{{"[[2,\"NotFound\"]]", "[[2,\"a\"],[3,\"a\"],[2,\"a\"]]"}},
       "f: more than n says"},
      {{{"]]}", "]"}}, "cut off or damaged: "},
  };
  for (const DamagedRow& row : rows) {
    std::string damaged = line;
    EXPECT_GT(absl::StrReplaceAll(row.replaced, &damaged), 0) << row.why;
    EXPECT_THAT(ParseMachineLine(damaged),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(row.why)))
        << damaged;
  }
}

TEST(MachineLineTest, TakesWhatALaterVersionAdds) {
  const absl::StatusOr<MachineResult> read = ParseMachineLine(
      R"({"prepull":1,"run":"6f","list":"0e","code":9,"n":[1,0,0,1,0],)"
      R"("st":"1F","f":[[0,"Evaporated","x",7]],"new":{}})");

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(static_cast<int>(read->code), 9);
  ASSERT_THAT(read->failures, SizeIs(1));
  EXPECT_EQ(read->failures[0].reason, Reason::kUnknown);
}

TEST(MachineLineTest, OfNoImagesHasNoStates) {
  const absl::StatusOr<MachineResult> read = ParseMachineLine(
      MachineLine(EndedRun({}, {ExitCode::kOk}), absl::ZeroDuration()));

  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read->states, IsEmpty());
}

}  // namespace
}  // namespace prepull
