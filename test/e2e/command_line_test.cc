// Flags, variables, lists and words that are wrong.
#include "absl/strings/str_cat.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CommandLineTest : public E2eTest {
 protected:
  Ended FetchWith(std::map<std::string, std::string> environment,
                  std::vector<std::string> words) const {
    environment.emplace("PREPULL_CRI_SOCKET", server_.socket());
    words.insert(words.begin(), "fetch");
    return RunPrepull(words, environment);
  }
  Ended FetchFromInput(const std::string& input,
                       std::vector<std::string> words) const {
    ProcessSetup setup = FetchSetup(std::move(words));
    setup.input = input;
    return RunProcess(setup);
  }
};

TEST_F(CommandLineTest, TakesEachFlagFromTheEnvironment) {
  const Ended fetch = FetchWith({{"PREPULL_OUTPUT", "json"},
                                 {"PREPULL_QUIET", "true"},
                                 {"PREPULL_CONCURRENCY", "1"},
                                 {"PREPULL_STATUS_FILE", status_path()}},
                                {"quay.io/a:1", "quay.io/a:2"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(JsonAt(fetch.out, "/pulled"), "2");
  EXPECT_THAT(fetch.err, IsEmpty());
  EXPECT_EQ(server_.MostAtOnce(), 1);
  EXPECT_EQ(Status("/exit_code"), "0");
}

TEST_F(CommandLineTest,
       LetsTheFlagWinOverTheVariableAndTheLastFlagOverTheFirst) {
  const Ended fetch =
      FetchWith({{"PREPULL_OUTPUT", "json"}, {"PREPULL_CONCURRENCY", "none"}},
                {"-o", "table", "-j", "2", "--output", "name", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(fetch.out, "quay.io/a:1\n");
}

TEST_F(CommandLineTest, TakesAnEmptyVariableForNone) {
  const Ended fetch =
      FetchWith({{"PREPULL_OUTPUT", ""}, {"PREPULL_OVERALL_TIMEOUT", ""}},
                {"quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.out, HasSubstr("1 of 1 image present"));
}

TEST_F(CommandLineTest, TakesOneValueALineForARepeatableFlag) {
  const std::string lists =
      absl::StrCat(folder_.Write("one.txt", "quay.io/a:1\n"), "\n",
                   folder_.Write("two.txt", "quay.io/a:2\n"), "\n");

  const Ended fetch =
      FetchWith({{"PREPULL_IMAGE_LIST_FILE", lists}}, {"-o", "name"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(fetch.out, "quay.io/a:1\nquay.io/a:2\n");
}

// Kubernetes puts these into every pod beside a Service named prepull.
TEST_F(CommandLineTest, IgnoresVariablesItDoesNotKnow) {
  const Ended fetch = FetchWith({{"PREPULL_SERVICE_HOST", "10.0.0.1"},
                                 {"PREPULL_PORT", "tcp://10.0.0.1:80"}},
                                {"quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
}

TEST_F(CommandLineTest, RefusesABareNumberAsADuration) {
  const Ended fetch = Fetch({"--overall-timeout", "30", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, AllOf(StartsWith("prepull: --overall-timeout: "),
                               HasSubstr("\"30\"")));
}

TEST_F(CommandLineTest, GuessesTheFlagThatWasMeant) {
  const Ended fetch = Fetch({"--concurency", "3", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, EndsWith("prepull: unknown flag \"--concurency\"\n"
                                  "hint: did you mean \"--concurrency\"?\n"));
}

TEST_F(CommandLineTest, GuessesTheCommandThatWasMeant) {
  const Ended typo = RunPrepull({"fetsh"});
  const Ended strange = RunPrepull({"frobnicate"});

  EXPECT_THAT(typo, ExitsWith(2));
  EXPECT_EQ(typo.err,
            "prepull: unknown command \"fetsh\"\n"
            "hint: did you mean \"fetch\"?  'prepull --help' lists all\n");
  EXPECT_THAT(strange, ExitsWith(2));
  EXPECT_EQ(strange.err,
            "prepull: unknown command \"frobnicate\"\n"
            "hint: 'prepull --help' lists all\n");
}

TEST_F(CommandLineTest, SaysWhatIsMissingWhenNoImageIsNamed) {
  const Ended fetch = Fetch({});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_THAT(fetch.err, HasSubstr("no images: give IMAGE arguments"));
}

TEST_F(CommandLineTest, ReadsTheListFromStandardInput) {
  const Ended fetch = FetchFromInput(
      "\xEF\xBB\xBFquay.io/a:1\r\n\n  # comment\n\tquay.io/a:2 # why",
      {"--image-list-file", "-"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Status("/pulled"), "2");
  EXPECT_EQ(Status("/images/1/origin"), "standard input:4");
}

TEST_F(CommandLineTest, JoinsListsAndWordsInTheirOrder) {
  const std::string list = folder_.Write("list.txt", "quay.io/a:2\n");

  const Ended fetch = FetchFromInput(
      "quay.io/a:1\n", {"-o", "name", "--image-list-file", "-",
                        "--image-list-file", list, "quay.io/a:3"});

  EXPECT_EQ(fetch.out, "quay.io/a:1\nquay.io/a:2\nquay.io/a:3\n");
}

TEST_F(CommandLineTest, PullsADuplicateOnce) {
  const Ended fetch = FetchFromInput(
      "busybox:1.36\ndocker.io/library/busybox:1.36\n"
      "busybox:1.36\nquay.io/a\nquay.io/a:latest\n",
      {"--image-list-file", "-"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(server_.pulls(), SizeIs(2));
  EXPECT_THAT(server_.PullsOf("busybox:1.36"), SizeIs(1));
  EXPECT_EQ(Status("/total"), "2");
  EXPECT_EQ(Status("/images/0/origin"), "standard input:1");
}

TEST_F(CommandLineTest, FailsAMalformedLineAndPullsTheRest) {
  const std::string list = folder_.Write(
      "images.txt", absl::StrCat("quay.io/a:1\nquay.io/Team/app\n",
                                 std::string(5000, 'x'), "\nquay.io/a:2\n"));

  const Ended fetch = Fetch({"--image-list-file", list});

  EXPECT_THAT(fetch, ExitsWith(1));
  EXPECT_EQ(Status("/total"), "4");
  EXPECT_EQ(Status("/pulled"), "2");
  EXPECT_EQ(Status("/failed"), "2");
  EXPECT_EQ(Status("/images/1/state"), "Failed");
  EXPECT_EQ(Status("/images/1/reason"), "InvalidReference");
  EXPECT_EQ(Status("/images/1/origin"), absl::StrCat(list, ":2"));
  EXPECT_THAT(Status("/images/1/message"),
              StartsWith(absl::StrCat(list, ":2: ")));
  EXPECT_THAT(fetch.out, HasSubstr(absl::StrCat(list, ":3: ")));
}

TEST_F(CommandLineTest, PullsNothingInADryRun) {
  server_.Store("quay.io/a:present");

  const Ended plan =
      Fetch({"--dry-run", "quay.io/a:present", "quay.io/a:new", "quay.io/Bad"});
  const Ended names = Fetch({"--dry-run", "-o", "name", "quay.io/a:new"});

  EXPECT_THAT(plan, ExitsWith(0));
  EXPECT_THAT(plan.out, AllOf(HasSubstr("present  quay.io/a:present"),
                              HasSubstr("pull     quay.io/a:new"),
                              HasSubstr("failed   quay.io/Bad"),
                              EndsWith("\n1 of 3 images to pull\n")));
  EXPECT_EQ(names.out, "quay.io/a:new\n");
  EXPECT_THAT(server_.pulls(), IsEmpty());
}

TEST_F(CommandLineTest, PassesTheTextOfTheListToTheRuntime) {
  const std::string digest =
      absl::StrCat("quay.io/a@sha256:", std::string(64, 'a'));

  ASSERT_THAT(Fetch({"busybox", digest}), ExitsWith(0));

  EXPECT_THAT(server_.PullsOf("busybox"), SizeIs(1));
  EXPECT_THAT(server_.PullsOf(digest), SizeIs(1));
}

TEST_F(CommandLineTest, ChecksWithoutPulling) {
  server_.Store("quay.io/a:1");
  const auto check = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"check", "--cri-socket", server_.socket()});
    return RunPrepull(words);
  };

  const Ended all = check({"quay.io/a:1"});
  const Ended some = check({"quay.io/a:1", "quay.io/a:2"});
  const Ended names = check({"-o", "name", "quay.io/a:1", "quay.io/a:2"});
  const Ended none = check({});

  EXPECT_THAT(all, ExitsWith(0));
  EXPECT_EQ(all.out, "1 of 1 image present\n");
  EXPECT_THAT(some, ExitsWith(1));
  EXPECT_EQ(some.out, "missing  quay.io/a:2\n1 of 2 images present\n");
  EXPECT_THAT(names, ExitsWith(1));
  EXPECT_EQ(names.out, "quay.io/a:2\n");
  EXPECT_THAT(none, ExitsWith(2));
  EXPECT_THAT(server_.pulls(), IsEmpty());
}

TEST_F(CommandLineTest, TellsItsVersion) {
  const Ended version = RunPrepull({"version"});
  const Ended flag = RunPrepull({"--version"});
  const Ended json = RunPrepull({"version", "-o", "json"});

  EXPECT_THAT(version, ExitsWith(0));
  EXPECT_THAT(version.out, AllOf(StartsWith("prepull "), HasSubstr("\ngRPC "),
                                 HasSubstr(", Abseil ")));
  EXPECT_EQ(flag.out, version.out);
  EXPECT_THAT(JsonAt(json.out, "/version"), Not(IsEmpty()));
}

}  // namespace
}  // namespace prepull
