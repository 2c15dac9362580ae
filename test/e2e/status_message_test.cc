// The termination message of every end of a fetch, read back.
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class StatusMessageTest : public E2eTest {
 protected:
  StatusMessageTest() : log_(folder_.Write("termination-log", "")) {
    list_ = folder_.Write("images.txt", "quay.io/a:1\nquay.io/a:gone\n");
    server_.Script("quay.io/a:gone", {MissingImage()});
  }

  Ended FetchList(std::vector<std::string> words = {}) {
    words.insert(words.end(), {"--image-list-file", list_});
    return FetchInto(std::move(words));
  }
  Ended FetchInto(std::vector<std::string> words) {
    words.insert(words.end(), {"--termination-log", log_});
    return Fetch(std::move(words));
  }
  Ended ReadBack(std::vector<std::string> words = {}) {
    words.insert(words.begin(), {"status", "--from-message", log_});
    return RunPrepull(std::move(words));
  }
  Ended ReadBackList(std::vector<std::string> words = {}) {
    words.insert(words.end(), {"--image-list-file", list_});
    return ReadBack(std::move(words));
  }

  std::string log_;
  std::string list_;
};

TEST_F(StatusMessageTest, TellsWhatTheRunDid) {
  ASSERT_THAT(FetchList(), ExitsWith(1));

  const Ended status = ReadBackList();

  EXPECT_THAT(status, ExitsWith(1));
  EXPECT_THAT(
      status.out,
      AllOf(StartsWith("IMAGE           STATE   REASON    MESSAGE\n"
                       "quay.io/a:1     Pulled  -         -\n"
                       "quay.io/a:gone  Failed  NotFound  "),
            ContainsRegex("\nFailed: 1 of 2 images present; 1 failed .*\n$")));
  EXPECT_EQ(ReadBackList({"-o", "name"}).out, "quay.io/a:1\n");
  const std::string json = ReadBackList({"-o", "json"}).out;
  EXPECT_EQ(JsonAt(json, "/schema"), "prepull.message/v1");
  EXPECT_EQ(JsonAt(json, "/exit_code"), "1");
  EXPECT_EQ(JsonAt(json, "/run_id"), Status("/run_id"));
  EXPECT_EQ(JsonAt(json, "/failed_pulls"), Status("/failed_pulls"));
  EXPECT_EQ(JsonAt(json, "/images/0/state"), "Pulled");
  EXPECT_EQ(JsonAt(json, "/images/1/reason"), "NotFound");
}

TEST_F(StatusMessageTest, IsReadFromStandardInput) {
  ASSERT_THAT(FetchList(), ExitsWith(1));

  const Ended status =
      RunProcess({.arguments = {"status", "--from-message", "-",
                                "--image-list-file", list_},
                  .input = ReadAll(log_)});

  EXPECT_THAT(status, ExitsWith(1));
  EXPECT_THAT(status.out, HasSubstr("quay.io/a:gone  Failed  NotFound"));
}

TEST_F(StatusMessageTest, IsRefusedForAnotherList) {
  ASSERT_THAT(FetchList({"--rewrite", "quay.io=mirror.io"}), ExitsWith(0));

  const Ended other = ReadBackList();
  const Ended none = ReadBack();

  EXPECT_THAT(other, ExitsWith(2));
  EXPECT_THAT(other.err, ContainsRegex("the message is of list [0-9a-f]{16}, "
                                       "this one is [0-9a-f]{16}: give"));
  EXPECT_THAT(none, ExitsWith(2));
  EXPECT_THAT(none.err, HasSubstr("give --image-list-file"));
  EXPECT_THAT(ReadBackList({"--rewrite", "quay.io=mirror.io"}), ExitsWith(0));
}

TEST_F(StatusMessageTest, IsThereAfterBadFlags) {
  ASSERT_THAT(FetchInto({"quay.io/a:1", "--concurrency", "many"}),
              ExitsWith(2));

  EXPECT_THAT(ReadAll(log_), StartsWith("--concurrency: "));
  EXPECT_THAT(ReadBack(), ExitsWith(2));
  EXPECT_THAT(ReadBack().out,
              ContainsRegex("^Failed: --concurrency: .*; ended before its list "
                            "was known"));
  EXPECT_EQ(JsonAt(ReadBack({"-o", "json"}).out, "/total"), "null");
}

TEST_F(StatusMessageTest, IsThereWithoutARuntimeAndOutOfTime) {
  server_.ScriptTheRest(Forever());
  ASSERT_THAT(FetchList({"--overall-timeout", "300ms"}), ExitsWith(3));
  EXPECT_THAT(ReadBackList(), ExitsWith(3));
  EXPECT_THAT(ReadBackList().out,
              HasSubstr("quay.io/a:1     Stopped  Timeout"));

  server_.Stop();
  ASSERT_THAT(FetchList({"--overall-timeout", "300ms"}), ExitsWith(4));
  EXPECT_THAT(ReadBackList(), ExitsWith(4));
}

TEST_F(StatusMessageTest, SaysWhatIsNoMessage) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"",
       "no machine line: expected a last line that begins with "
       "{\"prepull\":, found nothing"},
      {"info pulled image=quay.io/a:1\n", "no machine line"},
      {R"({"prepull":1,"run":"6f0c)", "cut off or damaged"},
      {R"({"prepull":2})", "prepull: expected 1"}};
  for (const auto& [text, why] : rows) {
    folder_.Write("termination-log", text);
    const Ended status = ReadBackList();
    EXPECT_THAT(status, ExitsWith(2));
    EXPECT_THAT(status.err, HasSubstr(why));
  }
  EXPECT_THAT(RunPrepull({"status", "--from-message", log_, "--wait"}),
              ExitsWith(2));
  EXPECT_THAT(
      RunPrepull({"status", "--from-message", "-", "--image-list-file", "-"}),
      ExitsWith(2));
}

}  // namespace
}  // namespace prepull
