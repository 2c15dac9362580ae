// How the engine pins what a run has brought to the node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/base/log.h"
#include "prepull/list/list_hash.h"
#include "src/pull/lease_keeper.h"
#include "test/pull/engine_fixture.h"
#include "test/support/fake_services.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class EnginePinTest : public EngineTest {
 protected:
  EnginePinTest() {
    options_.pin = true;
    before_.runtime.name = "containerd";
    before_.runtime.version = "1.7.24";
    runtime_.UseServices(extension_);
    runtime_.ReportPinned(
        [this](const StoredImage& image) { return HasPin(image.id); });
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~EnginePinTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  // The records that a pull of `image` writes.
  void HaveRecords(const std::string& image) {
    extension_.records.insert({image, IdOf(image)});
  }

  static std::string IdOf(const std::string& image) {
    return absl::StrCat("sha256:id-of-", image);
  }

  bool HasPin(const std::string& record) const {
    return extension_.pinned.contains(record);
  }

  FakeServices extension_{clock_};
  std::vector<std::string> warnings_;
};

TEST_F(EnginePinTest, PinsWhatItPulledAndWhatWasThere) {
  runtime_.Store("quay.io/a:1");
  HaveRecords("quay.io/a:1");
  HaveRecords("quay.io/b:1");

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_TRUE(image(0).pinned && image(1).pinned);
  EXPECT_TRUE(run_.features().pin);
  EXPECT_TRUE(HasPin("quay.io/a:1") && HasPin("quay.io/b:1"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePinTest, MarksItsPinsWithTheList) {
  HaveRecords("quay.io/a:1");

  Fetch({"quay.io/a:1"});

  const std::string list =
      ListHash({{"quay.io/a:1", "", Reference::Parse("quay.io/a:1")}});
  EXPECT_EQ(extension_.pinned["quay.io/a:1"].list, list);
}

TEST_F(EnginePinTest, PinsNothingWithoutBeingAsked) {
  options_.pin = false;
  HaveRecords("quay.io/a:1");

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.record_changes, IsEmpty());
  EXPECT_FALSE(run_.features().pin);
}

TEST_F(EnginePinTest, PinsNoImageThatFailed) {
  HaveRecords("quay.io/a:1");
  HaveRecords("quay.io/b:1");
  runtime_.Script("quay.io/a:1", {{Missing()}});

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/Bad:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kImagesFailed);
  EXPECT_FALSE(HasPin(IdOf("quay.io/a:1")));
  EXPECT_TRUE(image(1).pinned);
}

TEST_F(EnginePinTest, RenewsAPinThatIsNotInForceOrOfAnotherList) {
  HaveRecords("quay.io/a:1");
  extension_.pinned["quay.io/a:1"] = {
      .name = "quay.io/a:1", .is_ours = true, .list = "another"};
  extension_.pinned[IdOf("quay.io/a:1")] = {
      .name = IdOf("quay.io/a:1"), .is_pinned = false, .is_ours = true};

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.record_changes,
              UnorderedElementsAre("quay.io/a:1", IdOf("quay.io/a:1")));
}

TEST_F(EnginePinTest, LeavesAloneWhatSomebodyElsePinned) {
  HaveRecords("quay.io/a:1");
  extension_.pinned["quay.io/a:1"] = {.name = "quay.io/a:1"};

  Fetch({"quay.io/a:1"});

  EXPECT_FALSE(extension_.pinned["quay.io/a:1"].is_ours);
  EXPECT_TRUE(extension_.pinned[IdOf("quay.io/a:1")].is_ours);
}

TEST_F(EnginePinTest, ChangesNothingThatIsAsItShouldBe) {
  HaveRecords("quay.io/a:1");
  Fetch({"quay.io/a:1"});
  extension_.record_changes.clear();

  Fetch({"quay.io/a:1"});

  EXPECT_THAT(extension_.record_changes, IsEmpty());
  EXPECT_TRUE(image(0).pinned);
}

TEST_F(EnginePinTest, OneRecordIsEnough) {
  extension_.records.insert(IdOf("quay.io/a:1"));

  Fetch({"quay.io/a:1"});

  EXPECT_TRUE(image(0).pinned);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePinTest, WaitsForTheRuntimeToReportThePin) {
  HaveRecords("quay.io/a:1");
  bool has_heard = false;
  extension_.before_record_change = [&] {
    clock_.After(absl::Seconds(2), [&] { has_heard = true; });
  };
  runtime_.ReportPinned([&](const StoredImage&) { return has_heard; });

  Fetch({"quay.io/a:1"});

  EXPECT_TRUE(image(0).pinned);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePinTest, SaysWhatTheRuntimeReportsAndNotWhatItDid) {
  HaveRecords("quay.io/a:1");
  runtime_.ReportPinned([](const StoredImage&) { return false; });

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_FALSE(image(0).pinned);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("does not report them")));
  EXPECT_LT(Elapsed(), absl::Seconds(10));
}

TEST_F(EnginePinTest, AnOldVersionGetsThePinAndAWarning) {
  before_.runtime.version = "1.6.20~ds1";
  HaveRecords("quay.io/a:1");
  runtime_.ReportPinned([](const StoredImage&) { return false; });

  Fetch({"quay.io/a:1"});

  EXPECT_TRUE(HasPin("quay.io/a:1"));
  EXPECT_FALSE(run_.features().pin);
  EXPECT_FALSE(image(0).pinned);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("does not heed it")));
}

TEST_F(EnginePinTest, ARuntimeWithoutPinsIsAWarningAndNoFailure) {
  extension_.error = absl::UnimplementedError("unknown service");
  before_.runtime.name = "cri-o";

  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_FALSE(run_.features().pin);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("no pins over its socket")));
}

TEST_F(EnginePinTest, AFailureIsOneWarningForEachCause) {
  for (const char* name : {"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"}) {
    HaveRecords(name);
  }
  const absl::Status read_only = absl::UnknownError("database is read-only");
  extension_.record_errors[IdOf("quay.io/a:1")] = read_only;
  extension_.record_errors[IdOf("quay.io/b:1")] = read_only;

  Fetch({"quay.io/a:1", "quay.io/b:1", "quay.io/c:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_TRUE(image(2).pinned);
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("images=2"),
                                           HasSubstr("first=quay.io/a:1"),
                                           HasSubstr("read-only"))));
}

TEST_F(EnginePinTest, ARuntimeThatWentAwayIsNotAskedForEveryImage) {
  HaveRecords("quay.io/a:1");
  HaveRecords("quay.io/b:1");
  extension_.record_errors[IdOf("quay.io/a:1")] =
      absl::UnavailableError("Socket closed");

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_THAT(extension_.record_changes, SizeIs(1));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("images=2")));
}

TEST_F(EnginePinTest, AnImageWithoutAnyRecordIsAWarning) {
  Fetch({"quay.io/a:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("images=1")));
}

TEST_F(EnginePinTest, AnInterruptedRunPinsWhatIsThere) {
  HaveRecords("quay.io/a:1");
  runtime_.Script("quay.io/b:1", {{.takes = absl::InfiniteDuration()}});
  StopAfter(absl::Seconds(5));

  Fetch({"quay.io/a:1", "quay.io/b:1"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kStopped);
  EXPECT_TRUE(image(0).pinned);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EnginePinTest, AnInterruptedRunTakesNoMoreThanAMomentForIt) {
  for (int i = 0; i < 9; ++i) HaveRecords(absl::StrCat("quay.io/a:", i));
  extension_.before_record_change = [this] {
    clock_.Advance(absl::Milliseconds(300));
  };
  StopAfter(absl::Milliseconds(1700));

  Fetch({"quay.io/a:0", "quay.io/a:1", "quay.io/a:2", "quay.io/a:3",
         "quay.io/a:4", "quay.io/a:5", "quay.io/a:6", "quay.io/a:7",
         "quay.io/a:8"});

  EXPECT_EQ(run_.exit_code(), ExitCode::kOk);
  EXPECT_LT(Elapsed(), absl::Milliseconds(1700 + 1500));
  EXPECT_TRUE(HasPin("quay.io/a:0"));
  EXPECT_FALSE(HasPin("quay.io/a:8"));
  EXPECT_THAT(warnings_, Contains(HasSubstr("images are not pinned")));
}

}  // namespace
}  // namespace prepull
