// What the engine says of images that this node cannot run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/image/platform.h"
#include "test/pull/engine_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Nobody has such a node.
const Platform kForeign = {.os = "plan9", .architecture = "mips"};

std::string NodeName() {
  return absl::StrCat(OwnPlatform().os, "/", OwnPlatform().architecture);
}

std::string ForeignMessage() {
  return absl::StrCat("built for plan9/mips; this node is ", NodeName());
}

class EnginePlatformTest : public EngineTest {
 protected:
  EnginePlatformTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~EnginePlatformTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  std::vector<std::string> warnings_;
};

TEST_F(EnginePlatformTest, WarnsOfAnImageForAnotherPlatform) {
  runtime_.BuiltFor("quay.io/foreign:1", kForeign);
  runtime_.BuiltFor("quay.io/ours:1", OwnPlatform());

  Fetch({"quay.io/ours:1", "quay.io/foreign:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(image(0).platform, PlatformName(OwnPlatform()));
  EXPECT_THAT(image(0).warning, IsEmpty());
  EXPECT_EQ(image(1).state, ImageState::kPulled);
  EXPECT_EQ(image(1).platform, "plan9/mips");
  EXPECT_EQ(image(1).warning, ForeignMessage());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(ForeignMessage())));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("quay.io/foreign:1")));
}

TEST_F(EnginePlatformTest, SaysNothingOfAnImageThatDoesNotSay) {
  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(image(0).platform, IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePlatformTest, ARuntimeThatCannotSayChangesNothing) {
  runtime_.BuiltFor("quay.io/a:1", absl::UnimplementedError("unknown method"));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(image(0).platform, IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePlatformTest, AsksOnlyAboutWhatItPulledAndOnceAnImage) {
  runtime_.Store("quay.io/there:1");
  runtime_.Name("quay.io/a:1", "sha256:same");
  runtime_.Name("quay.io/a:2", "sha256:same");
  runtime_.BuiltFor("quay.io/a:1", kForeign);
  runtime_.Script("quay.io/gone:1", {{Missing()}});

  Fetch({"quay.io/there:1", "quay.io/a:1", "quay.io/a:2", "quay.io/gone:1"});

  EXPECT_THAT(runtime_.platforms_asked(), ElementsAre("sha256:same"));
  EXPECT_EQ(image(1).platform, "plan9/mips");
  EXPECT_EQ(image(2).platform, "plan9/mips");
}

TEST_F(EnginePlatformTest, AsksAboutAFewImagesAtATime) {
  runtime_.AnswerIn({.get_platform = absl::Milliseconds(10)});
  std::vector<std::string> images;
  for (int i = 0; i < 100; ++i) {
    images.push_back(absl::StrCat("quay.io/a:", i));
    runtime_.BuiltFor(images.back(), kForeign);
  }

  Fetch(images);

  EXPECT_EQ(runtime_.most_platforms_at_once(), 10);
  EXPECT_THAT(runtime_.platforms_asked(), SizeIs(100));
  EXPECT_EQ(image(99).platform, "plan9/mips");
  EXPECT_EQ(Elapsed(), absl::Seconds(10) + absl::Milliseconds(100));
}

TEST_F(EnginePlatformTest, NamesTheFirstTenAndCountsTheRest) {
  std::vector<std::string> images;
  for (int i = 100; i < 113; ++i) {
    images.push_back(absl::StrCat("quay.io/a:", i));
    runtime_.BuiltFor(images.back(), kForeign);
  }

  Fetch(images);

  ASSERT_THAT(warnings_, SizeIs(11));
  EXPECT_THAT(warnings_.front(), HasSubstr("quay.io/a:100"));
  EXPECT_THAT(warnings_[9], HasSubstr("quay.io/a:109"));
  EXPECT_THAT(warnings_.back(), HasSubstr("images=3"));
}

TEST_F(EnginePlatformTest, DoesNotWaitLongForARuntimeThatDoesNotAnswer) {
  runtime_.AnswerIn({.get_platform = absl::InfiniteDuration()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(1 + 5));
}

TEST_F(EnginePlatformTest, DoesNotAskBeyondTheDeadline) {
  overall_timeout_ = absl::Seconds(3);
  runtime_.AnswerIn({.get_platform = absl::InfiniteDuration()});

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(3));
}

TEST_F(EnginePlatformTest, AStopEndsTheQuestionsAndChangesNothing) {
  runtime_.AnswerIn({.get_platform = absl::InfiniteDuration()});
  StopAfter(absl::Seconds(2));

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_EQ(Elapsed(), absl::Seconds(2));
}

TEST_F(EnginePlatformTest, AsksNothingWhereTheRunIsOutOfTime) {
  overall_timeout_ = absl::Seconds(10);
  runtime_.Script("quay.io/slow:1", {{.takes = absl::InfiniteDuration()}});

  Fetch({"quay.io/a:1", "quay.io/slow:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_THAT(runtime_.platforms_asked(), IsEmpty());
}

}  // namespace
}  // namespace prepull
