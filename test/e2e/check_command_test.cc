// What prepull check says of a node to whoever reads its termination message:
// the controller, which runs it on every node.
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// More than any disk has.
constexpr char kEveryByte[] = "4000PiB";

class CheckCommandTest : public E2eTest {
 protected:
  CheckCommandTest() : log_(folder_.Write("termination-log", "")) {
    server_.SetImageFileSystems({folder_.Path("")});
    server_.Store("quay.io/a:1");
  }

  ProcessSetup CheckSetup(std::vector<std::string> words) const {
    words.insert(words.begin(), {"check", "--cri-socket", server_.socket(),
                                 "--termination-log", log_});
    return {.arguments = std::move(words)};
  }
  Ended Check(std::vector<std::string> words) const {
    return RunProcess(CheckSetup(std::move(words)));
  }
  // A field of the message, read back for a list of these images.
  std::string Message(const std::vector<std::string>& images,
                      const std::string& pointer) const {
    std::vector<std::string> words = {"status", "--from-message", log_, "-o",
                                      "json"};
    if (!images.empty()) {
      std::string lines;
      for (const std::string& image : images) lines += image + "\n";
      words.insert(words.end(),
                   {"--image-list-file", folder_.Write("list.txt", lines)});
    }
    return JsonAt(RunPrepull(words).out, pointer);
  }

  const std::string log_;
};

TEST_F(CheckCommandTest, LeavesWhatIsThereAndWhatIsMissing) {
  const std::vector<std::string> images = {"quay.io/a:1", "quay.io/a:gone"};

  const Ended check = Check(images);

  EXPECT_THAT(check, ExitsWith(1));
  EXPECT_EQ(check.out, "missing  quay.io/a:gone\n1 of 2 images present\n");
  EXPECT_THAT(
      ReadAll(log_),
      AllOf(StartsWith("1 of 2 images present; 1 failed ("),
            HasSubstr("\nfailed   quay.io/a:gone  Missing: not on the node\n"),
            HasSubstr(R"("code":1,"n":[2,0,1,1,0])"),
            HasSubstr(R"("st":"1S1F")")));
  EXPECT_EQ(Message(images, "/images/0/state"), "Skipped");
  EXPECT_EQ(Message(images, "/images/1/reason"), "Missing");
  EXPECT_EQ(Message(images, "/images/1/message"), "not on the node");
}

TEST_F(CheckCommandTest, LeavesThatAllIsThere) {
  EXPECT_THAT(Check({"quay.io/a:1"}), ExitsWith(0));

  EXPECT_EQ(Message({"quay.io/a:1"}, "/exit_code"), "0");
  EXPECT_EQ(Message({"quay.io/a:1"}, "/images/0/state"), "Skipped");
}

TEST_F(CheckCommandTest, LeavesWhyThereWasNoCheck) {
  EXPECT_THAT(Check({"--image-list-file", folder_.Path("none")}), ExitsWith(2));
  EXPECT_EQ(Message({}, "/exit_code"), "2");
  EXPECT_THAT(Check({"--output", "none", "quay.io/a:1"}), ExitsWith(2));
  EXPECT_THAT(ReadAll(log_), StartsWith("--output: "));

  server_.Stop();

  EXPECT_THAT(Check({"quay.io/a:1"}), ExitsWith(4));
  EXPECT_EQ(Message({"quay.io/a:1"}, "/exit_code"), "4");
  EXPECT_EQ(Message({"quay.io/a:1"}, "/images/0/reason"), "RuntimeUnavailable");
}

TEST_F(CheckCommandTest, EndsAtItsDeadline) {
  ProcessSetup setup = CheckSetup({"quay.io/a:1"});
  setup.environment["PREPULL_DEADLINE"] = "2020-02-29T04:00:00+02:00";

  const Ended check = RunProcess(setup);

  EXPECT_THAT(check, ExitsWith(3));
  EXPECT_THAT(check.err, HasSubstr("out of time"));
  EXPECT_EQ(Message({"quay.io/a:1"}, "/images/0/state"), "Stopped");
  EXPECT_EQ(Message({"quay.io/a:1"}, "/images/0/reason"), "Timeout");
}

TEST_F(CheckCommandTest, WaitsForARuntimeUntilItsDeadlineOnly) {
  server_.SetMode(FakeCriServer::Mode::kSilent);
  const absl::Time begun = absl::Now();

  EXPECT_THAT(Check({"--deadline", "300ms", "quay.io/a:1"}), ExitsWith(3));

  EXPECT_LT(absl::Now() - begun, absl::Seconds(8));
}

TEST_F(CheckCommandTest, SaysThatTheNodeHasNoSpaceForWhatIsMissing) {
  const std::vector<std::string> images = {"quay.io/a:1", "quay.io/a:gone"};

  const Ended check =
      Check({"--space-required", kEveryByte, images[0], images[1]});

  EXPECT_THAT(check, ExitsWith(5));
  EXPECT_THAT(check.out, EndsWith("1 of 2 images present\n"));
  EXPECT_THAT(check.err, AllOf(HasSubstr("this node is not fit: disk: "),
                               HasSubstr(" required (")));
  EXPECT_THAT(ReadAll(log_), HasSubstr("\nthis node is not fit: disk: "));
  EXPECT_EQ(Message(images, "/exit_code"), "5");
  EXPECT_EQ(Message(images, "/images/0/state"), "Skipped");
  EXPECT_EQ(Message(images, "/images/1/reason"), "Missing");
}

TEST_F(CheckCommandTest, NeedsNoSpaceForWhatIsThere) {
  const Ended check = Check({"--space-required", kEveryByte, "quay.io/a:1"});

  EXPECT_THAT(check, ExitsWith(0));
  EXPECT_THAT(check.err, HasSubstr(" required ("));
}

TEST_F(CheckCommandTest, WarnsAsPreflightDoes) {
  const Ended check = Check({"--preflight", "quay.io/a:1"});

  EXPECT_THAT(check, ExitsWith(0));
  EXPECT_THAT(check.err, HasSubstr("resume: a cancelled pull starts again"));
  EXPECT_THAT(Check({"quay.io/a:1"}).err, IsEmpty());
}

TEST_F(CheckCommandTest, ChecksNothingThatIsUnknown) {
  for (const char* items : {"cpus", "disk,,cpu", "disk cpu"}) {
    const Ended check = Check({"--check-items", items, "quay.io/a:1"});

    EXPECT_THAT(check, ExitsWith(2)) << items;
    EXPECT_THAT(check.err, HasSubstr("expected disk, cpu or mem"));
  }
}

}  // namespace
}  // namespace prepull
