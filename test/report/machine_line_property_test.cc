// Any run comes back from its machine line with the same states.
#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/report/machine_line.h"
#include "prepull/report/termination_message.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

constexpr size_t kMaxMessage = 3072;  // of a container in a pod with four

// Makes runs that differ in all that a line tells.
class RunMaker {
 public:
  explicit RunMaker(unsigned seed) : dice_(seed) {}

  Run Make() {
    Run run({.id = "6f0c1b2a9d"});
    if (Roll(20) > 0) {
      run.EnterList(Images(), "0ed9e5f3c7f62b06");
      run.UpdateBytes({.done = int64_t{1} << Roll(62)});
    }
    const std::vector<ExitCode> codes = {
        ExitCode::kOk,      ExitCode::kImagesFailed, ExitCode::kBadInput,
        ExitCode::kStopped, ExitCode::kNoRuntime,    ExitCode::kNodeNotFit,
        ExitCode::kInternal};
    const ExitCode code = codes[Roll(6)];
    const std::vector<Phase> phases = {Phase::kTimedOut, Phase::kInterrupted};
    const Phase phase = code == ExitCode::kStopped ? phases[Roll(1)]
                        : code == ExitCode::kOk    ? Phase::kSucceeded
                                                   : Phase::kFailed;
    run.End({.code = code, .phase = phase, .message = Text(Roll(400))},
            absl::UnixEpoch());
    return run;
  }

  int Roll(int most) {
    return std::uniform_int_distribution<int>(0, most)(dice_);
  }

 private:
  std::vector<ImageOutcome> Images() {
    const std::vector<int> sizes = {0, 1, 50, 300, 5000, 5300, 9000};
    std::vector<ImageOutcome> images;
    const int total = Roll(sizes[Roll(6)]);
    const int longest_row = 1 + Roll(200);
    const std::vector<ImageState> states = {
        ImageState::kPulled, ImageState::kSkipped, ImageState::kFailed,
        ImageState::kStopped};
    while (static_cast<int>(images.size()) < total) {
      const ImageState state = states[Roll(3)];
      for (int i = Roll(longest_row); i >= 0; --i)
        images.push_back(Image(state));
    }
    return images;
  }

  ImageOutcome Image(ImageState state) {
    ImageOutcome image = {.image = Text(Roll(300)), .state = state};
    if (state == ImageState::kFailed || state == ImageState::kStopped) {
      image.reason = Roll(3) == 0 ? Reason::kNone : Reason::kUnauthorized;
      image.message = Text(Roll(300));
    }
    return image;
  }

  // With all that JSON has to escape.
  std::string Text(int length) {
    const std::string letters = "a\"\\\n\x01/\xc3\xa9 ";
    std::string text;
    for (int i = 0; i < length; ++i) {
      text.push_back(letters[Roll(static_cast<int>(letters.size()) - 1)]);
    }
    return text;
  }

  std::mt19937 dice_;
};

std::vector<ImageState> StatesOf(const Run& run) {
  std::vector<ImageState> states;
  for (const ImageOutcome& image : run.images()) states.push_back(image.state);
  return states;
}

// Whether the run has something for the field f.
bool HasReasons(const Run& run) {
  return std::any_of(
      run.images().begin(), run.images().end(),
      [](const ImageOutcome& image) { return image.reason != Reason::kNone; });
}

void ExpectSame(const Run& run, const MachineResult& read) {
  EXPECT_EQ(read.code, run.exit_code());
  EXPECT_EQ(read.phase, run.phase());
  EXPECT_EQ(read.run_id, run.id());
  EXPECT_EQ(read.why.empty(), run.message().empty());
  ASSERT_EQ(read.list_hash.has_value(), run.list_known());
  EXPECT_EQ(read.counts.pulled, run.counts().pulled);
  EXPECT_EQ(read.counts.skipped, run.counts().skipped);
  EXPECT_EQ(read.counts.failed, run.counts().failed);
  EXPECT_EQ(read.counts.stopped, run.counts().stopped);
  EXPECT_EQ(read.bytes, run.bytes().done);
  if (run.total() <= 5000 && run.list_known()) {
    ASSERT_TRUE(read.states.has_value()) << run.total();
  }
  if (read.states) {
    EXPECT_EQ(*read.states, StatesOf(run));
  }
  // Two thousand states leave room for a failure, whatever else there is.
  if (run.total() <= 2000) {
    EXPECT_EQ(read.failures.empty(), !HasReasons(run));
  }
  for (const MachineResult::Failure& each : read.failures) {
    EXPECT_EQ(each.reason, run.images()[each.image].reason);
  }
}

TEST(MachineLinePropertyTest, AnyRunComesBackWithTheSameStates) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const prepull::Run run = RunMaker(seed).Make();

    const std::string message = TerminationMessage(run, absl::Seconds(seed));

    const size_t text_size = message.rfind("{\"prepull\":");
    ASSERT_NE(text_size, std::string::npos);
    EXPECT_LE(text_size, 1000) << seed;
    EXPECT_LE(message.size() - text_size, kMaxMachineLineBytes + 1) << seed;
    EXPECT_LE(message.size(), kMaxMessage);
    const absl::StatusOr<MachineResult> read = ParseMachineLine(message);
    ASSERT_THAT(read, IsOk()) << seed << message;
    EXPECT_EQ(read->took, absl::Seconds(seed));
    ExpectSame(run, *read);
  }
}

TEST(MachineLinePropertyTest, ADamagedMessageIsRefusedOrConsistent) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    RunMaker maker(seed);
    std::string message = TerminationMessage(maker.Make(), absl::Seconds(1));
    const int last = static_cast<int>(message.size()) - 1;
    if (seed % 2 == 0) {
      message.resize(maker.Roll(last));
    } else {
      message[maker.Roll(last)] = static_cast<char>(maker.Roll(255));
    }

    const absl::StatusOr<MachineResult> read = ParseMachineLine(message);

    if (!read.ok()) {
      EXPECT_FALSE(read.status().message().empty());
    } else if (read->states) {
      EXPECT_EQ(static_cast<int64_t>(read->states->size()), read->counts.all());
    }
  }
}

}  // namespace
}  // namespace prepull
