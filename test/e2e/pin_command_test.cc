// Pins where there are none: a runtime that knows nothing but CRI. What they
// do on containerd is in pin_test.py.
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PinCommandTest : public E2eTest {
 protected:
  Ended Unpin(std::vector<std::string> words) const {
    words.insert(words.begin(), {"unpin", "--cri-socket", server_.socket()});
    return RunPrepull(words);
  }

  void BeCrio() {
    server_.SetName("cri-o");
    server_.SetVersion("1.30.4");
  }
};

TEST_F(PinCommandTest, ARuntimeWithoutPinsIsAWarning) {
  const Ended fetch = Fetch({"--pin", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.err, HasSubstr("warn images are not pinned"));
  EXPECT_THAT(fetch.err, Not(HasSubstr("pinned_images")));
  EXPECT_EQ(Status("/runtime/pin"), "false");
  EXPECT_EQ(Status("/images/0/pinned"), "false");
}

TEST_F(PinCommandTest, AStatusFileThatIsGoneNamesNoImages) {
  const Ended unpin = RunPrepull({"unpin", "--cri-socket", "/run/no/cri.sock",
                                  "--from-status", status_path()});

  EXPECT_THAT(unpin, ExitsWith(0));
  EXPECT_EQ(unpin.out, "no pins of prepull found\n");
}

TEST_F(PinCommandTest, AStatusFileNamesTheImages) {
  ASSERT_THAT(Fetch({"quay.io/a:1"}), ExitsWith(0));

  // It asks a runtime, which has no pins.
  EXPECT_THAT(Unpin({"--from-status", status_path()}), ExitsWith(1));
  folder_.Write("status.json", "{}");
  EXPECT_THAT(Unpin({"--from-status", status_path()}), ExitsWith(2));
}

TEST_F(PinCommandTest, WithoutTheFlagThereIsNoWarning) {
  EXPECT_THAT(Fetch({"quay.io/a:1"}).err, Not(HasSubstr("pinned")));
}

TEST_F(PinCommandTest, TheEnvironmentAsksForPinsToo) {
  ProcessSetup setup = FetchSetup({"quay.io/a:1"});
  setup.environment = {{"PREPULL_PIN", "true"}};

  EXPECT_THAT(RunProcess(setup).err, HasSubstr("images are not pinned"));
}

TEST_F(PinCommandTest, OnCrioTheDropInIsPrinted) {
  BeCrio();

  const Ended fetch = Fetch({"--pin", "busybox", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.err, AllOf(HasSubstr("/etc/crio/crio.conf.d/"),
                               HasSubstr("\n[crio.image]\n"
                                         "pinned_images = [\n"
                                         "  \"docker.io/library/"
                                         "busybox:latest\",\n"
                                         "  \"quay.io/a:1\",\n"
                                         "]\n")));
  EXPECT_THAT(fetch.out, Not(HasSubstr("pinned_images")));
}

TEST_F(PinCommandTest, TheDropInLeavesAJsonLogReadable) {
  BeCrio();

  const Ended fetch = Fetch({"--pin", "--log-format", "json", "quay.io/a:1"});

  EXPECT_THAT(fetch.err, Not(HasSubstr("\n[crio.image]")));
  EXPECT_THAT(fetch.err, HasSubstr(R"("line":"[crio.image]"})"));
  EXPECT_THAT(fetch.err, HasSubstr(R"("line":"  \"quay.io/a:1\","})"));
}

TEST_F(PinCommandTest, QuietPrintsNoDropIn) {
  BeCrio();

  EXPECT_THAT(Fetch({"--pin", "-q", "quay.io/a:1"}).err, IsEmpty());
}

TEST_F(PinCommandTest, UnpinWithoutImagesIsTwo) {
  const Ended nothing = Unpin({});

  EXPECT_THAT(nothing, ExitsWith(2));
  EXPECT_THAT(nothing.err, HasSubstr("no images: give IMAGE arguments"));
}

TEST_F(PinCommandTest, NotInListWithoutAListIsTwo) {
  EXPECT_THAT(Unpin({"--not-in-list"}), ExitsWith(2));
  const Ended named = Unpin({"--not-in-list", "quay.io/a:1"});

  EXPECT_THAT(named, ExitsWith(2));
  EXPECT_THAT(named.err, HasSubstr("--image-list-file"));
}

TEST_F(PinCommandTest, NotInListRefusesAListWithAMalformedLine) {
  const std::string list =
      folder_.Write("images.txt", "quay.io/a:1\nquay.io/Bad:1\n");

  const Ended unpin = Unpin({"--not-in-list", "--image-list-file", list});

  EXPECT_THAT(unpin, ExitsWith(2));
  EXPECT_THAT(unpin.err, HasSubstr("images.txt:2"));
  EXPECT_EQ(server_.lists(), 0);
}

TEST_F(PinCommandTest, UnpinWithoutARuntimeIsFour) {
  server_.Stop();

  const Ended unpin = Unpin({"quay.io/a:1"});

  EXPECT_THAT(unpin, ExitsWith(4));
  EXPECT_THAT(unpin.err, HasSubstr("hint: "));
}

TEST_F(PinCommandTest, UnpinWhereThereAreNoPinsIsOneWithASentence) {
  BeCrio();

  const Ended unpin = Unpin({"quay.io/a:1"});

  EXPECT_THAT(unpin, ExitsWith(1));
  EXPECT_THAT(unpin.out, IsEmpty());
  EXPECT_THAT(unpin.err,
              EndsWith("prepull: cri-o: pins are not supported over the socket "
                       "of this runtime\nhint: CRI-O has pinned_images in "
                       "/etc/crio/crio.conf.d\n"));
}

}  // namespace
}  // namespace prepull
