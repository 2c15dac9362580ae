// Is the node fit? Against a fake runtime whose images are in a test's folder;
// what real disks and a real containerd do is in disk_test.py.
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// More than any disk has.
constexpr char kTooMuch[] = "4000PiB";

class PreflightCommandTest : public E2eTest {
 protected:
  PreflightCommandTest() { server_.SetImageFileSystems({folder_.Path("")}); }

  Ended Preflight(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"preflight", "--cri-socket", server_.socket()});
    return RunPrepull(words);
  }
};

TEST_F(PreflightCommandTest, PrintsALineForEachCheck) {
  const Ended preflight = Preflight({"--gc-high-threshold", "100"});

  EXPECT_THAT(preflight, ExitsWith(0));
  EXPECT_THAT(preflight.err, IsEmpty());
  EXPECT_THAT(
      preflight.out,
      AllOf(StartsWith("CHECK        RESULT   DETAIL\nsocket       ok       /"),
            HasSubstr("\nruntime      ok       containerd 1.6.20, CRI v1\n"),
            HasSubstr("\nversion      ok       no known bugs\n"),
            HasSubstr("\nresume       warning  a cancelled pull starts again "
                      "from zero"),
            HasSubstr("\npins         warning  "),
            HasSubstr("\ndisk         ok       image file system /tmp/"),
            HasSubstr("\ninodes       "),
            EndsWith("\nthis node is fit, 3 warnings\n")));
}

TEST_F(PreflightCommandTest, ANodeWithoutTheSpaceIsFive) {
  const Ended preflight = Preflight({"--space-required", kTooMuch});

  EXPECT_THAT(preflight, ExitsWith(5));
  EXPECT_THAT(preflight.out,
              AllOf(HasSubstr("\ndisk         failed   image file system"),
                    HasSubstr(" required ("),
                    EndsWith("\nthis node is not fit: disk\n")));
}

TEST_F(PreflightCommandTest, HasARowForEachCheckItem) {
  const Ended all = Preflight({"--check-items", "disk,cpu,mem"});
  const Ended one = Preflight({"--check-items", "mem"});

  EXPECT_THAT(all.out, AllOf(HasSubstr("\ncpu "), HasSubstr("\nmem "),
                             HasSubstr("% of the node's CPUs used")));
  EXPECT_THAT(one.out, AllOf(Not(HasSubstr("\ncpu ")), HasSubstr("\nmem ")));
  EXPECT_THAT(Preflight({}).out, Not(HasSubstr("\nmem ")));
}

TEST_F(PreflightCommandTest, PrintsOneJsonDocument) {
  const Ended fit = Preflight({"-o", "json"});
  const Ended unfit = Preflight({"-o", "json", "--space-required", "4000 PiB"});

  EXPECT_THAT(fit, ExitsWith(0));
  EXPECT_EQ(JsonAt(fit.out, "/schema"), "prepull.preflight/v1");
  EXPECT_EQ(JsonAt(fit.out, "/fit"), "true");
  EXPECT_EQ(JsonAt(fit.out, "/runtime/name"), "containerd");
  EXPECT_EQ(JsonAt(fit.out, "/runtime/api_version"), "v1");
  EXPECT_EQ(JsonAt(fit.out, "/runtime/resume"), "within a pull");
  EXPECT_EQ(JsonAt(fit.out, "/space_required_bytes"), "null");
  EXPECT_EQ(JsonAt(fit.out, "/gc_high_threshold_percent"), "85");
  EXPECT_EQ(JsonAt(fit.out, "/checks/0/check"), "socket");
  EXPECT_EQ(JsonAt(fit.out, "/checks/0/result"), "Ok");
  EXPECT_THAT(JsonAt(fit.out, "/image_file_system/size_bytes"),
              Not(HasSubstr("null")));
  EXPECT_THAT(unfit, ExitsWith(5));
  EXPECT_EQ(JsonAt(unfit.out, "/fit"), "false");
  EXPECT_EQ(JsonAt(unfit.out, "/checks/6/check"), "disk");
  EXPECT_EQ(JsonAt(unfit.out, "/checks/6/result"), "Failed");
}

TEST_F(PreflightCommandTest, WarnsOfAVersionThatCanWedge) {
  server_.SetVersion("v2.1.2");

  const Ended preflight = Preflight({});

  EXPECT_THAT(preflight, ExitsWith(0));
  EXPECT_THAT(preflight.out,
              HasSubstr("\nversion      warning  containerd v2.1.2: "));
}

TEST_F(PreflightCommandTest, AHiddenDiskIsAWarningOrFiveWithADemand) {
  server_.SetImageFileSystems({folder_.Path("none")});

  const Ended without = Preflight({});
  const Ended with = Preflight({"--space-required", "1GB"});

  EXPECT_THAT(without, ExitsWith(0));
  EXPECT_THAT(without.out, AllOf(HasSubstr("\ndisk         warning  "),
                                 HasSubstr("none: no "
                                           "such file"),
                                 HasSubstr("--host-root")));
  EXPECT_THAT(with, ExitsWith(5));
}

TEST_F(PreflightCommandTest, LooksBelowTheHostsRoot) {
  server_.SetImageFileSystems({"/images"});

  EXPECT_THAT(Preflight({"--space-required", "1B", "--gc-high-threshold", "100",
                         "--host-root", folder_.Path("")}),
              ExitsWith(5));
  std::filesystem::create_directory(folder_.Path("images"));
  EXPECT_THAT(Preflight({"--space-required", "1B", "--gc-high-threshold", "100",
                         "--host-root", folder_.Path("")}),
              ExitsWith(0));
}

TEST_F(PreflightCommandTest, SaysWhatTheKubeletAsksOfPods) {
  server_.SetImageFileSystems({"/"});
  const std::string folder = folder_.Path("var/lib/kubelet");
  std::filesystem::create_directories(folder);
  folder_.Write("var/lib/kubelet/config.yaml",
                "apiVersion: kubelet.config.k8s.io/v1beta1\n"
                "kind: KubeletConfiguration\n"
                "imagePullCredentialsVerificationPolicy: AlwaysVerify\n");

  const Ended table = Preflight({"--host-root", folder_.path()});
  const Ended json = Preflight({"-o", "json", "--host-root", folder_.path()});

  EXPECT_THAT(table, ExitsWith(0));
  EXPECT_THAT(table.out,
              HasSubstr("\nkubelet      warning  " + folder +
                        "/config.yaml: a pod asks the registry again"));
  EXPECT_EQ(JsonAt(json.out, "/checks/8/check"), "kubelet");
  EXPECT_EQ(JsonAt(json.out, "/checks/8/result"), "Warning");
}

TEST_F(PreflightCommandTest, WithoutARuntimeItIsFour) {
  server_.Stop();

  const Ended preflight = Preflight({});

  EXPECT_THAT(preflight, ExitsWith(4));
  EXPECT_THAT(preflight.out, IsEmpty());
  EXPECT_THAT(preflight.err, HasSubstr("hint: "));
}

TEST_F(PreflightCommandTest, BadFlagsAreTwo) {
  const Ended bare = Preflight({"--space-required", "35"});

  EXPECT_THAT(bare, ExitsWith(2));
  EXPECT_THAT(bare.err,
              HasSubstr("--space-required: invalid size \"35\": missing unit"));
  EXPECT_THAT(Preflight({"--gc-high-threshold", "0"}), ExitsWith(2));
  EXPECT_THAT(Preflight({"--gc-high-threshold", "101"}), ExitsWith(2));
}

TEST_F(PreflightCommandTest, AFetchWithoutTheSpacePullsNothing) {
  LeaveOldSuccess();

  const Ended fetch =
      Fetch({"--space-required", kTooMuch, "quay.io/a:1", "not an image"});

  EXPECT_THAT(fetch, ExitsWith(5));
  EXPECT_THAT(fetch.err, AllOf(HasSubstr("prepull: image file system /tmp/"),
                               HasSubstr("available below 85% of "),
                               HasSubstr(" required (")));
  EXPECT_THAT(server_.PullsOf("quay.io/a:1"), IsEmpty());
  EXPECT_EQ(Status("/exit_code"), "5");
  EXPECT_EQ(Status("/phase"), "Failed");
  EXPECT_EQ(Status("/reason"), "NoSpace");
  EXPECT_THAT(Status("/message"), HasSubstr(" required ("));
  EXPECT_EQ(Status("/images/0/state"), "Stopped");
  EXPECT_EQ(Status("/images/0/reason"), "NoSpace");
  EXPECT_EQ(Status("/images/1/state"), "Failed");
}

TEST_F(PreflightCommandTest, AFetchThatFindsAllImagesNeedsNoSpace) {
  server_.Store("quay.io/a:1");

  const Ended fetch = Fetch({"--space-required", kTooMuch, "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.err, HasSubstr(" required ("));
}

TEST_F(PreflightCommandTest, ADryRunOnlyWarns) {
  const Ended plan =
      RunPrepull({"fetch", "--cri-socket", server_.socket(), "--space-required",
                  kTooMuch, "--dry-run", "quay.io/a:1"});

  EXPECT_THAT(plan, ExitsWith(0));
  EXPECT_THAT(plan.err, HasSubstr(" required ("));
  EXPECT_THAT(plan.out, HasSubstr("1 of 1 image to pull"));
}

TEST_F(PreflightCommandTest, AFetchWarnsOfADiskThatIsHidden) {
  server_.SetImageFileSystems({folder_.Path("none")});

  const Ended fetch = Fetch({"quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_THAT(fetch.err, HasSubstr("cannot be seen from here"));
  EXPECT_EQ(Status("/phase"), "Succeeded");
}

TEST_F(PreflightCommandTest, AFetchWithADemandNeedsToSeeTheDisk) {
  server_.SetImageFileSystems({});

  const Ended fetch = Fetch({"--space-required", "1B", "quay.io/a:1"});

  EXPECT_THAT(fetch, ExitsWith(5));
  EXPECT_THAT(fetch.err, HasSubstr("no image file system reported"));
}

// Its status is due within two seconds of the deadline.
TEST_F(PreflightCommandTest, ARunThatIsOutOfTimeDoesNotAskForTheDiskAgain) {
  server_.Script("quay.io/slow:1", {Forever()});

  const Ended in_time = Fetch({"quay.io/a:1"});
  const int asked_in_time = server_.disk_questions();
  const Ended late =
      Fetch({"quay.io/b:1", "quay.io/slow:1", "--overall-timeout", "1s"});

  EXPECT_THAT(in_time, ExitsWith(0));
  EXPECT_EQ(asked_in_time, 2);
  EXPECT_THAT(late, ExitsWith(3));
  EXPECT_EQ(Status("/pulled"), "1");
  EXPECT_EQ(server_.disk_questions() - asked_in_time, 1);
}

}  // namespace
}  // namespace prepull
