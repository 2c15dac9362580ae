// What a person sees: under a pseudo-terminal, the last screen.
#include "absl/strings/str_cat.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/screen.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class TerminalTest : public E2eTest {
 protected:
  ProcessSetup SetupOn(TerminalSize size, std::vector<std::string> words,
                       const std::string& term = "xterm") const {
    ProcessSetup setup = FetchSetup(std::move(words));
    setup.environment = {{"TERM", term}};
    setup.terminal = size;
    return setup;
  }

  static constexpr TerminalSize kWide = {.columns = 160, .rows = 30};
};

TEST_F(TerminalTest, LeavesNothingOfTheViewOnTheLastScreen) {
  server_.Store("quay.io/a:present");
  server_.Script("quay.io/a:gone", {MissingImage()});
  server_.Script("quay.io/a:slow", {Forever()});
  PrepullProcess fetch(
      SetupOn(kWide, {"-j", "1", "quay.io/a:present", "quay.io/a:new",
                      "quay.io/a:gone", "quay.io/a:slow"}));
  ASSERT_TRUE(server_.WaitUntilStarted(3));
  ASSERT_TRUE(fetch.WaitForOutput("3 of 4 done, 1 running"));

  server_.Release();
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(1));
  EXPECT_THAT(ended.out, HasSubstr("\x1b["));
  EXPECT_THAT(LinesOnScreen(ended.out, kWide),
              ElementsAre("4 images: 1 present, 3 to pull",
                          "present  quay.io/a:present",
                          StartsWith("pulled   quay.io/a:new      in "),
                          StartsWith("failed   quay.io/a:gone     NotFound: "),
                          StartsWith("pulled   quay.io/a:slow     in "),
                          StartsWith("3 of 4 images present; 1 failed ("),
                          "prepull: 1 image is missing"));
}

TEST_F(TerminalTest, ShowsALineForEachRunningPullAndASum) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(
      SetupOn(kWide, {"-j", "2", "--image-list-file", ListOf(3)}));
  ASSERT_TRUE(fetch.WaitForOutput("0 of 3 done, 2 running, 1 waiting"));

  fetch.Signal(SIGKILL);

  EXPECT_THAT(
      LinesOnScreen(fetch.Wait().out, kWide),
      ElementsAre("3 images: 0 present, 3 to pull", HasSubstr(" quay.io/a:1  "),
                  HasSubstr(" quay.io/a:2  "),
                  "0 of 3 done, 2 running, 1 waiting"));
}

TEST_F(TerminalTest, IsCleanAfterASignal) {
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch(SetupOn(kWide, {"quay.io/a:1"}));
  ASSERT_TRUE(fetch.WaitForOutput("1 running"));

  fetch.Signal(SIGINT);
  const Ended ended = fetch.Wait();

  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_THAT(
      LinesOnScreen(ended.out, kWide),
      ElementsAre("1 image: 0 present, 1 to pull", "stopping (again to force)",
                  HasSubstr("stopped  quay.io/a:1  Interrupted: "),
                  StartsWith("0 of 1 image present; 1 stopped ("),
                  StartsWith("prepull: interrupted with 1 image to go")));
}

TEST_F(TerminalTest, ScrollsResultsAboveTheViewOfASmallScreen) {
  constexpr TerminalSize kSmall = {.columns = 60, .rows = 6};
  server_.Script("quay.io/a:40", {Forever()});
  PrepullProcess fetch(SetupOn(kSmall, {"--image-list-file", ListOf(40)}));
  ASSERT_TRUE(fetch.WaitForOutput("39 of 40 done, 1 running"));

  server_.Release();
  const std::vector<std::string> lines =
      LinesOnScreen(fetch.Wait().out, kSmall);

  ASSERT_THAT(lines, SizeIs(42));
  EXPECT_THAT(std::vector(lines.begin() + 1, lines.end() - 1),
              testing::Each(StartsWith("pulled   quay.io/a:")));
  EXPECT_THAT(lines.back(), StartsWith("40 of 40 images present ("));
}

TEST_F(TerminalTest, NeverWrapsALineOfTheView) {
  constexpr TerminalSize kNarrow = {.columns = 40, .rows = 10};
  server_.ScriptTheRest(Forever());
  const std::string long_name =
      absl::StrCat("quay.io/", std::string(100, 'n'), ":1");
  PrepullProcess fetch(SetupOn(kNarrow, {long_name}));
  ASSERT_TRUE(fetch.WaitForOutput("1 running"));

  fetch.Signal(SIGKILL);

  EXPECT_THAT(LinesOnScreen(fetch.Wait().out, kNarrow),
              ElementsAre("1 image: 0 present, 1 to pull",
                          AllOf(HasSubstr("…"), HasSubstr(":1  ")),
                          "0 of 1 done, 1 running"));
}

TEST_F(TerminalTest, ShowsPlainLinesWhereAViewHasNoPlace) {
  constexpr TerminalSize kTiny = {.columns = 39, .rows = 10};

  const Ended tiny = RunProcess(SetupOn(kTiny, {"quay.io/a:1"}));
  const Ended dumb = RunProcess(SetupOn(kWide, {"quay.io/a:2"}, "dumb"));
  const Ended quiet = RunProcess(SetupOn(kWide, {"-q", "quay.io/a:3"}));
  const Ended none =
      RunProcess(SetupOn(kWide, {"--progress", "none", "quay.io/a:4"}));

  for (const Ended& each : {tiny, dumb, quiet, none}) {
    EXPECT_THAT(each, ExitsWith(0));
    EXPECT_THAT(each.out, AllOf(HasSubstr("1 of 1 image present"),
                                Not(HasSubstr("\x1b"))));
  }
}

TEST_F(TerminalTest, SpreadsJsonOverLines) {
  const Ended version =
      RunProcess({.arguments = {"version", "-o", "json"}, .terminal = kWide});

  EXPECT_THAT(version.out, StartsWith("{\r\n  \"version\": \""));
}

}  // namespace
}  // namespace prepull
