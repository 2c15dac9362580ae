// What stands on which stream.
#include "absl/strings/str_cat.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

MATCHER(IsOneDocument, "") { return IsJson(arg); }
MATCHER(HasNoEscape, "") { return arg.find('\x1b') == std::string::npos; }

class OutputTest : public E2eTest {
 protected:
  // One image of each kind: there, to pull, missing, malformed.
  std::string MixedList() {
    server_.Store("quay.io/a:present");
    server_.Script("quay.io/a:gone", {MissingImage()});
    return folder_.Write("mixed.txt",
                         "quay.io/a:present\nquay.io/a:new\nquay.io/a:gone\n"
                         "quay.io/Upper:1\n");
  }
};

TEST_F(OutputTest, OfAFetchIsALineAnImageAndALastLine) {
  const std::string list = MixedList();

  const Ended fetch = Fetch({"--image-list-file", list});

  EXPECT_THAT(fetch, ExitsWith(1));
  EXPECT_THAT(fetch.out, HasSubstr("present  quay.io/a:present\n"));
  EXPECT_THAT(fetch.out, HasSubstr("pulled   quay.io/a:new      in "));
  EXPECT_THAT(fetch.out, HasSubstr("failed   quay.io/a:gone     NotFound: "));
  EXPECT_THAT(fetch.out,
              HasSubstr("failed   quay.io/Upper:1    InvalidReference: "));
  EXPECT_THAT(fetch.out, HasSubstr("\n2 of 4 images present; 2 failed ("));
  EXPECT_THAT(fetch.err, EndsWith("\nprepull: 2 images are missing\n"));
}

TEST_F(OutputTest, OfAFetchAsJsonIsTheStatusDocument) {
  const Ended fetch = Fetch({"--image-list-file", MixedList(), "-o", "json"});

  EXPECT_THAT(fetch, ExitsWith(1));
  EXPECT_THAT(fetch.out, IsOneDocument());
  EXPECT_EQ(JsonAt(fetch.out, "/schema"), "prepull.status/v1");
  EXPECT_EQ(JsonAt(fetch.out, "/run_id"), Status("/run_id"));
  EXPECT_EQ(JsonAt(fetch.out, "/images"), Status("/images"));
}

TEST_F(OutputTest, WarnsOfAnImageThatNoPodHereCanUse) {
  const std::string warning = "built for plan9/mips; this node is linux/";
  server_.BuiltFor("quay.io/a:1", "plan9", "mips");
  const std::string last_words = folder_.Write("termination-log", "");

  const Ended fetch = Fetch({"quay.io/a:1", "quay.io/b:1", "-o", "json",
                             "--termination-log", last_words});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.err, HasSubstr(warning));
  EXPECT_EQ(Status("/images/0/platform"), "plan9/mips");
  EXPECT_THAT(Status("/images/0/message"), StartsWith(warning));
  EXPECT_EQ(Status("/images/1/platform"), "null");
  EXPECT_EQ(Status("/images/1/message"), "");
  EXPECT_THAT(ReadAll(last_words), HasSubstr("\nwarning  " + warning));
}

TEST_F(OutputTest, OfAFetchAsNamesIsWhatIsOnTheNode) {
  const Ended fetch = Fetch({"--image-list-file", MixedList(), "-o", "name"});

  EXPECT_EQ(fetch.out, "quay.io/a:present\nquay.io/a:new\n");
}

TEST_F(OutputTest, IsOneDocumentForEveryCommandThatKnowsJson) {
  const std::string list = MixedList();
  const std::vector<std::string> images = {
      "--cri-socket", server_.socket(), "--image-list-file", list, "-o",
      "json"};
  const auto with = [&images](std::vector<std::string> words) {
    words.insert(words.end(), images.begin(), images.end());
    return words;
  };

  EXPECT_THAT(RunPrepull(with({"fetch", "--dry-run"})).out, IsOneDocument());
  EXPECT_THAT(RunPrepull(with({"check"})).out, IsOneDocument());
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));
  EXPECT_THAT(
      RunPrepull({"status", "--status-file", status_path(), "-o", "json"}).out,
      IsOneDocument());
  EXPECT_THAT(RunPrepull({"version", "-o", "json"}).out, IsOneDocument());
}

TEST_F(OutputTest, IsADocumentAlsoWhenTheRunFailsBeforeItBegan) {
  const Ended no_list =
      Fetch({"-o", "json", "--image-list-file", folder_.Path("missing")});
  server_.Stop();
  const Ended no_runtime = Fetch({"-o", "json", "quay.io/a:1"});

  EXPECT_THAT(no_list, ExitsWith(2));
  EXPECT_THAT(no_list.out, IsOneDocument());
  EXPECT_EQ(JsonAt(no_list.out, "/exit_code"), "2");
  EXPECT_THAT(no_runtime, ExitsWith(4));
  EXPECT_THAT(no_runtime.out, IsOneDocument());
  EXPECT_EQ(JsonAt(no_runtime.out, "/exit_code"), "4");
}

TEST_F(OutputTest, IsNothingButTheDocumentWhenQuiet) {
  const Ended fetch = Fetch({"-q", "-o", "json", "quay.io/a:1"});

  EXPECT_THAT(fetch.out, IsOneDocument());
  EXPECT_THAT(fetch.err, IsEmpty());
}

TEST_F(OutputTest, SaysTheFinalErrorEvenWhenQuiet) {
  server_.Script("quay.io/a:1", {MissingImage()});

  const Ended fetch = Fetch({"-q", "-o", "name", "quay.io/a:1"});

  EXPECT_THAT(fetch.out, IsEmpty());
  EXPECT_THAT(fetch.err, EndsWith("prepull: 1 image is missing\n"));
}

TEST_F(OutputTest, HasNoEscapeSequenceWithoutATerminal) {
  const std::string list = MixedList();
  const std::map<std::string, std::string> xterm = {{"TERM", "xterm-256color"}};

  for (const char* progress : {"auto", "bar", "plain", "none"}) {
    const Ended fetch =
        RunProcess({.arguments = FetchWords({"--progress", progress, "-v",
                                             "--image-list-file", list}),
                    .environment = xterm});
    EXPECT_THAT(fetch.out, HasNoEscape());
    EXPECT_THAT(fetch.err, HasNoEscape());
  }
}

TEST_F(OutputTest, OfAListCannotPaintTheTerminal) {
  const Ended fetch = Fetch({"quay.io/\x1b[31mred:1", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(1));
  EXPECT_THAT(absl::StrCat(fetch.out, fetch.err, ReadAll(status_path())),
              HasNoEscape());
}

TEST_F(OutputTest, LogsOneLineAnEventWithTimeLevelAndKeys) {
  server_.Script(
      "quay.io/a:1",
      {{.result = absl::UnknownError("connection reset by peer")}, {}});

  const Ended fetch =
      Fetch({"quay.io/a:1", "--initial-pull-attempt-delay", "10ms"});

  const std::string time = "(^|\n)20..-..-..T..:..:..Z ";
  EXPECT_THAT(fetch.err,
              ContainsRegex(time + "info plan images=1 present=0 pull=1 "));
  EXPECT_THAT(fetch.err,
              ContainsRegex(time + "info pulling image=quay.io/a:1 attempt=1"));
  EXPECT_THAT(
      fetch.err,
      ContainsRegex(time + "warn retry image=quay.io/a:1 attempt=1 "
                           "reason=RegistryUnavailable retry_in_seconds=0.0 "
                           "error=\"connection reset by peer\"\n"));
  EXPECT_THAT(fetch.err, ContainsRegex(time + "info finished present=1 "));
}

TEST_F(OutputTest, LogsJsonLinesOnRequest) {
  const Ended fetch = Fetch({"quay.io/a:1", "--log-format", "json"});

  EXPECT_THAT(fetch.err, AllOf(StartsWith("{\"time\":\""), EndsWith("}\n")));
  for (size_t begin = 0; begin < fetch.err.size();) {
    const size_t end = fetch.err.find('\n', begin) + 1;
    EXPECT_THAT(fetch.err.substr(begin, end - begin), IsOneDocument());
    begin = end;
  }
}

// A URL with its signature, and one with a name and password, as a registry's
// redirect puts them into the runtime's errors.
constexpr char kTellTale[] =
    "failed to do request: Get "
    "\"https://bob:pa55word@cdn.example/"
    "blob?X-Amz-Signature=s3cr3t&sig=s3cr3t\""
    ": dial tcp 10.0.0.1:443: i/o timeout";

MATCHER(KeepsTheSecret, "") {
  return testing::Value(
      arg, AllOf(Not(HasSubstr("s3cr3t")), Not(HasSubstr("pa55word"))));
}

TEST_F(OutputTest, KeepsSecretsOfUrlsInThePullsErrors) {
  server_.Script("quay.io/a:1", {{.result = absl::UnknownError(kTellTale)}});

  for (const char* format : {"table", "json", "name"}) {
    const Ended fetch =
        Fetch({"quay.io/a:1", "--max-attempts", "2", "--log-level", "debug",
               "--initial-pull-attempt-delay", "1ms", "-o", format});
    EXPECT_THAT(fetch, ExitsWith(1));
    EXPECT_THAT(fetch.err, HasSubstr("cdn.example"));
    EXPECT_THAT(fetch.out, KeepsTheSecret());
    EXPECT_THAT(fetch.err, KeepsTheSecret());
    EXPECT_THAT(ReadAll(status_path()), KeepsTheSecret());
  }
}

TEST_F(OutputTest, KeepsSecretsOfUrlsInTheRuntimesErrors) {
  const std::vector<std::string> words = {"--cri-socket", server_.socket(),
                                          "-v", "quay.io/a:1"};
  const auto run = [&words](std::vector<std::string> command) {
    command.insert(command.end(), words.begin(), words.end());
    const Ended ended = RunPrepull(command);
    EXPECT_THAT(ended, ExitsWith(4));
    return ended.out + ended.err;
  };

  server_.FailListImages(absl::InternalError(kTellTale));
  EXPECT_THAT(run({"fetch"}), KeepsTheSecret());
  EXPECT_THAT(run({"fetch", "--dry-run"}), KeepsTheSecret());
  EXPECT_THAT(run({"check"}), KeepsTheSecret());
  server_.FailVersion(absl::InternalError(kTellTale));
  EXPECT_THAT(run({"fetch"}), KeepsTheSecret());
  EXPECT_THAT(run({"check"}), KeepsTheSecret());
}

TEST_F(OutputTest, EndsQuietlyWhenNobodyReadsItAnyMore) {
  const Ended shell = RunProcess(
      {.arguments = {"-c",
                     "set -o pipefail; \"$PREPULL\" completion bash | true"},
       .environment = {{"PREPULL", BinaryUnderTest()}},
       .program = "/bin/bash"});

  EXPECT_THAT(shell, ExitsWith(0));
  EXPECT_THAT(shell.err, IsEmpty());
}

}  // namespace
}  // namespace prepull
