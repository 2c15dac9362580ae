#include "prepull/preflight/runtime_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/fake_clock.h"
#include "test/support/fake_runtime.h"
#include "test/support/fake_services.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(KnownBugTest, IsToldOfTheVersionsThatHaveIt) {
  for (const char* version : {"2.1.0", "v2.1.3", "2.1.2+unknown"}) {
    EXPECT_THAT(KnownBug({"containerd", version}), HasSubstr("issues/11864"))
        << version;
  }
  for (const char* version : {"2.2.0", "v2.2.1", "2.2.2+unknown"}) {
    EXPECT_THAT(KnownBug({"containerd", version}), HasSubstr("issues/13030"))
        << version;
  }
  EXPECT_THAT(KnownBug({"cri-o", "1.31.2"}), HasSubstr("issues/8764"));
}

TEST(KnownBugTest, SaysWhichSettingItDependsOnWhereItCannotBeSeen) {
  EXPECT_THAT(
      KnownBug({"containerd", "v2.2.1"}),
      AllOf(HasSubstr("if"), HasSubstr("max_concurrent_unpacks above 1"),
            HasSubstr("not visible")));
}

TEST(KnownBugTest, IsNotToldOfOthers) {
  for (const char* version :
       {"1.6.20~ds1", "1.7.24", "2.0.7", "2.1.4", "v2.2.3", "", "devel"}) {
    EXPECT_THAT(KnownBug({"containerd", version}), IsEmpty()) << version;
  }
  EXPECT_THAT(KnownBug({"cri-o", "1.31.3"}), IsEmpty());
  EXPECT_THAT(KnownBug({"cri-o", "2.1.0"}), IsEmpty());
}

RuntimeState State(const std::string& name, const std::string& version,
                   absl::Status extension) {
  return {.socket = "/run/cri.sock",
          .version = {name, version, "v1"},
          .extension = std::move(extension),
          .connections = absl::OkStatus()};
}

// "check: ok" for each finding, as lines.
std::string Verdicts(const RuntimeState& state) {
  std::string lines;
  for (const Finding& finding : EvaluateRuntime(state)) {
    lines += finding.check;
    lines += finding.result == CheckResult::kOk ? " ok\n" : " warning\n";
  }
  return lines;
}

TEST(EvaluateRuntimeTest, IsContentWithARecentContainerd) {
  EXPECT_EQ(Verdicts(State("containerd", "1.7.24", absl::OkStatus())),
            "socket ok\nruntime ok\nversion ok\nresume ok\nconnections "
            "ok\npins ok\n");
}

TEST(EvaluateRuntimeTest, WarnsOfAContainerdThatHeedsNoPins) {
  EXPECT_EQ(Verdicts(State("containerd", "1.6.20", absl::OkStatus())),
            "socket ok\nruntime ok\nversion ok\nresume ok\nconnections "
            "ok\npins warning\n");
}

TEST(EvaluateRuntimeTest, WarnsOfWhatCrioLacks) {
  RuntimeState crio =
      State("cri-o", "1.33.0", absl::UnimplementedError("unknown service"));
  crio.connections = absl::NotFoundError("hostPID is missing");

  EXPECT_EQ(Verdicts(crio),
            "socket ok\nruntime ok\nversion ok\nresume warning\n"
            "connections warning\npins warning\n");
  EXPECT_THAT(EvaluateRuntime(crio)[5].detail, HasSubstr("/etc/crio"));
}

TEST(EvaluateRuntimeTest, SaysWhyConnectionsCannotBeWatched) {
  RuntimeState blind = State("containerd", "1.7.24", absl::OkStatus());
  blind.connections = absl::NotFoundError("hostPID is missing");

  EXPECT_THAT(EvaluateRuntime(blind)[4].detail,
              HasSubstr("hostPID is missing"));
}

TEST(FeaturesOfTest, KnowsWhatCrioDoesWithinAPull) {
  RuntimeState crio =
      State("cri-o", "1.27.0", absl::UnimplementedError("unknown service"));

  EXPECT_EQ(FeaturesOf(crio).resume, Resume::kWithinPull);
  EXPECT_TRUE(FeaturesOf(crio).byte_progress);
  EXPECT_TRUE(FeaturesOf(crio).connections);
  crio.version.version = "1.26.5";
  crio.connections = absl::NotFoundError("hostPID is missing");
  EXPECT_EQ(FeaturesOf(crio).resume, Resume::kNever);
  EXPECT_FALSE(FeaturesOf(crio).byte_progress);
  EXPECT_FALSE(FeaturesOf(crio).connections);
}

TEST(EvaluateRuntimeTest, SaysWhyTheExtensionDidNotAnswer) {
  const RuntimeState broken =
      State("containerd", "1.7.24", absl::InternalError("no bolt"));

  EXPECT_THAT(EvaluateRuntime(broken)[3].detail, HasSubstr("no bolt"));
}

TEST(EvaluateRuntimeTest, ShowsWhoAnswersPrintably) {
  const RuntimeState rude =
      State("containerd\n\x1b[2J", "1.7.24", absl::OkStatus());

  EXPECT_EQ(EvaluateRuntime(rude)[1].detail, "containerd  [2J 1.7.24, CRI v1");
}

TEST(ReadRuntimeStateTest, AsksForTheExtension) {
  FakeClock clock;
  FakeServices extension(clock);
  auto runtime = std::make_unique<FakeRuntime>(clock);
  runtime->UseServices(extension);
  const FoundRuntime found = {
      "/run/cri.sock", {"containerd", "1.7.24", "v1"}, std::move(runtime)};

  const RuntimeState state = ReadRuntimeState(found, absl::Seconds(1), {});

  EXPECT_THAT(state.extension, IsOk());
  EXPECT_EQ(FeaturesOf(state).resume, Resume::kAlways);
  EXPECT_TRUE(FeaturesOf(state).byte_progress);
  EXPECT_TRUE(FeaturesOf(state).pin);
}

TEST(ReadRuntimeStateTest, KnowsARuntimeWithoutOne) {
  FakeClock clock;
  const FoundRuntime found = {"/run/crio.sock",
                              {"cri-o", "1.33.0", "v1"},
                              std::make_unique<FakeRuntime>(clock)};

  const RuntimeState state = ReadRuntimeState(found, absl::Seconds(1), {});

  EXPECT_THAT(state.extension, StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_FALSE(FeaturesOf(state).pin);
}

}  // namespace
}  // namespace prepull
