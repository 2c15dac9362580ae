// The status file: there from the start, whole at every moment, and never in
// the way of a pull.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "test/support/cri/e2e_test_base.h"
#include "test/support/cri/file_wait.h"

namespace prepull {
namespace {

using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr uid_t kNobodyUser = 65534;

// Reads a file every millisecond and keeps what is not a whole document.
class CuriousReader {
 public:
  explicit CuriousReader(std::string path)
      : path_(std::move(path)),
        thread_([this](const std::stop_token& stop) { Read(stop); }) {}

  // What was read that is no document, and how often it was one.
  std::pair<std::vector<std::string>, int> Stop() {
    thread_.request_stop();
    thread_.join();
    return {torn_, whole_};
  }

 private:
  void Read(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (std::filesystem::exists(path_)) {
        const std::string text = ReadAll(path_);
        if (IsJson(text)) {
          ++whole_;
        } else {
          torn_.push_back(text);
        }
      }
      absl::SleepFor(absl::Milliseconds(1));
    }
  }

  const std::string path_;
  std::vector<std::string> torn_;
  int whole_ = 0;
  std::jthread thread_;
};

// Whether we may mount in a namespace of our own.
bool CanMount() {
  const pid_t child = fork();
  if (child == 0) {
    const bool can =
        unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(can ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// For a child: a file system that only it sees and that is gone with it.
bool MountForMyself(const char* folder, unsigned long flags,
                    const char* options) {
  return unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("prepull-test", folder, "tmpfs", flags, options) == 0;
}

class StatusFileTest : public E2eTest {
 protected:
  // Runs a fetch of one image whose status file is in `folder`.
  Ended FetchInto(const std::string& folder,
                  std::function<void()> in_child = nullptr) const {
    return RunProcess(
        {.arguments = {"fetch", "--cri-socket", server_.socket(),
                       "--status-file", folder + "/status.json", "quay.io/a:1"},
         .in_child = std::move(in_child)});
  }

  static int Warnings(const Ended& ended) {
    const std::vector<std::string> lines = absl::StrSplit(ended.err, '\n');
    return static_cast<int>(
        std::count_if(lines.begin(), lines.end(), [](const auto& line) {
          return testing::Value(line, HasSubstr("status file cannot be "
                                                "written"));
        }));
  }

  std::vector<std::string> FilesBeside(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(
             std::filesystem::path(path).parent_path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
};

TEST_F(StatusFileTest, IsWholeAtEveryMomentThoughTheRunIsKilled) {
  server_.ScriptTheRest({.takes = absl::Milliseconds(1)});
  const std::string list = ListOf(2000);
  std::mt19937 dice(20261121);
  CuriousReader reader(status_path());

  for (int run = 0; run < 8; ++run) {
    const int pulls_before = static_cast<int>(server_.pulls().size());
    PrepullProcess fetch(FetchSetup(
        {"-q", "--pull-policy", "Always", "--image-list-file", list}));
    ASSERT_TRUE(server_.WaitUntilStarted(
        pulls_before + std::uniform_int_distribution(1, 1999)(dice)));
    fetch.Signal(SIGKILL);
    ASSERT_THAT(fetch.Wait(), ExitsWith(-SIGKILL));
    EXPECT_EQ(Status("/schema"), "prepull.status/v1");
  }
  const Ended last = Fetch({"-q", "--image-list-file", list});
  const auto [torn, whole] = reader.Stop();

  EXPECT_THAT(last, ExitsWith(0));
  EXPECT_THAT(torn, IsEmpty());
  EXPECT_THAT(whole, Gt(10));
  EXPECT_EQ(Status("/total"), "2000");
  EXPECT_EQ(Status("/exit_code"), "0");
}

// The best of three: the bound is the program's, not that of a machine that
// builds something at the same time.
TEST_F(StatusFileTest, IsThereBeforeTheListIsRead) {
  ProcessSetup setup = FetchSetup({"--image-list-file", "-"});
  setup.input = std::nullopt;  // never comes to its end

  const PrepullProcess fetch(setup);

  ASSERT_TRUE(WaitUntilFileExists(status_path()));
  EXPECT_EQ(Status("/phase"), "Preparing");
  EXPECT_EQ(Status("/total"), "null");
  EXPECT_EQ(Status("/images"), "[]");
  EXPECT_EQ(Status("/exit_code"), "null");
  EXPECT_EQ(Status("/finished_at"), "null");
  EXPECT_EQ(Status("/failed_pulls"), "[]");
}

TEST_F(StatusFileTest, TellsOfTheRunWhileItRuns) {
  server_.Script("quay.io/a:2", {Forever()});
  PrepullProcess fetch(FetchSetup({"quay.io/a:1", "quay.io/a:2"}));

  EXPECT_TRUE(AskUntil([&] { return Status("/pulled") == "1"; }));

  EXPECT_EQ(Status("/phase"), "Pulling");
  EXPECT_EQ(Status("/exit_code"), "null");
  EXPECT_EQ(Status("/images/1/state"), "Pulling");
  EXPECT_EQ(Status("/runtime/name"), "containerd");
  EXPECT_EQ(Status("/runtime/socket"), server_.socket());
  server_.Release();
  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
}

TEST_F(StatusFileTest, BeginsWithTheKeysOfLifecycleAgent) {
  ASSERT_THAT(RunProcess({.arguments = FetchWords({"quay.io/a:1"}),
                          .environment = {{"NODE_NAME", "worker-1"},
                                          {"INSTANCE_NAME", "my-images"}}}),
              ExitsWith(0));

  EXPECT_THAT(ReadAll(status_path()),
              StartsWith(R"({"total":1,"pulled":1,"skipped":0,"failed":0,)"
                         R"("failed_pulls":[],"schema":"prepull.status/v1",)"
                         R"("phase":"Succeeded","exit_code":0,"reason":"",)"
                         R"("message":"","tolerated":false,)"
                         R"("node":"worker-1",)"
                         R"("instance":"my-images","run_id":")"));
}

TEST_F(StatusFileTest, LeavesNoDraftBehind) {
  std::filesystem::create_directory(folder_.Path("only"));

  ASSERT_THAT(FetchInto(folder_.Path("only")), ExitsWith(0));

  EXPECT_THAT(FilesBeside(folder_.Path("only/status.json")),
              testing::ElementsAre("status.json"));
}

TEST_F(StatusFileTest, IsTwoWarningsInAMissingFolder) {
  const Ended fetch = FetchInto(folder_.Path("missing"));

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Warnings(fetch), 2) << fetch.err;
  EXPECT_THAT(fetch.err, HasSubstr("no such file or directory"));
}

TEST_F(StatusFileTest, IsTwoWarningsWhereItMayNotBeWritten) {
  const std::string folder = folder_.Path("forbidden");
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  std::filesystem::permissions(server_.socket(), std::filesystem::perms(0777));

  const Ended fetch = FetchInto(folder, [] {
    if (setgid(kNobodyUser) != 0 || setuid(kNobodyUser) != 0)
      return;  // nobody already
  });

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Warnings(fetch), 2) << fetch.err;
  EXPECT_THAT(fetch.err, HasSubstr("permission denied"));
}

TEST_F(StatusFileTest, IsTwoWarningsOnAReadOnlyFileSystem) {
  if (!CanMount()) GTEST_SKIP() << "only root may mount";
  const std::string folder = folder_.Path("read-only");
  std::filesystem::create_directory(folder);

  const Ended fetch = FetchInto(folder, [&folder] {
    if (!MountForMyself(folder.c_str(), MS_RDONLY, "size=4k")) _exit(99);
  });

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Warnings(fetch), 2) << fetch.err;
  EXPECT_THAT(fetch.err, HasSubstr("read-only file system"));
}

TEST_F(StatusFileTest, IsTwoWarningsOnAFullFileSystem) {
  if (!CanMount()) GTEST_SKIP() << "only root may mount";
  const std::string folder = folder_.Path("full");
  std::filesystem::create_directory(folder);
  const std::string ballast = folder + "/ballast";

  const Ended fetch = FetchInto(folder, [&] {
    if (!MountForMyself(folder.c_str(), 0, "size=4k")) _exit(99);
    static char page[4096];
    const int fd = open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (write(fd, page, sizeof(page)) != sizeof(page)) _exit(98);
  });

  EXPECT_THAT(fetch, ExitsWith(0));
  EXPECT_EQ(Warnings(fetch), 2) << fetch.err;
  EXPECT_THAT(fetch.err, HasSubstr("no space left on device"));
}

// The first document fits, the last one does not: what was there stays.
TEST_F(StatusFileTest, KeepsTheLastOneThatFitted) {
  if (!CanMount()) GTEST_SKIP() << "only root may mount";
  const std::string folder = folder_.Path("small");
  std::filesystem::create_directory(folder);
  std::vector<std::string> words = {
      "fetch",         "--cri-socket",          server_.socket(),
      "--status-file", folder + "/status.json", "--image-list-file",
      ListOf(200)};
  server_.ScriptTheRest(Forever());
  PrepullProcess fetch({.arguments = words, .in_child = [&folder] {
                          if (!MountForMyself(folder.c_str(), 0, "size=8k")) {
                            _exit(99);
                          }
                        }});
  ASSERT_TRUE(server_.WaitUntilRunning(10));
  const std::string seen =
      absl::StrCat("/proc/", fetch.pid(), "/root", folder, "/status.json");

  EXPECT_EQ(JsonAt(ReadAll(seen), "/phase"), "Preparing");
  EXPECT_THAT(FilesBeside(seen), testing::Contains("status.json"));

  fetch.Signal(SIGTERM);
  const Ended ended = fetch.Wait();
  EXPECT_THAT(ended, ExitsWith(3));
  EXPECT_EQ(Warnings(ended), 1) << ended.err;
}

// Whatever is opened first would get the number of a closed stream.
TEST_F(StatusFileTest, IsWholeThoughTheStandardStreamsCameClosed) {
  PrepullProcess fetch(
      {.arguments = {"fetch", "quay.io/a:1", "--cri-socket", server_.socket(),
                     "--status-file", status_path()},
       .in_child = [] {
         close(STDIN_FILENO);
         close(STDOUT_FILENO);
         close(STDERR_FILENO);
       }});

  EXPECT_THAT(fetch.Wait(), ExitsWith(0));
  EXPECT_EQ(Status("/phase"), "Succeeded");
}

TEST_F(StatusFileTest, SaysThatAClosedStandardInputHoldsNoImages) {
  PrepullProcess fetch(
      {.arguments = {"fetch", "--image-list-file", "-", "--cri-socket",
                     server_.socket(), "--status-file", status_path()},
       .in_child = [] { close(STDIN_FILENO); }});

  EXPECT_THAT(fetch.Wait(), ExitsWith(2));
  EXPECT_EQ(Status("/reason"), "BadInput");
}

TEST_F(StatusFileTest, DoesNotChangeTheExitCodeOfAFailedRun) {
  server_.Script("quay.io/a:1", {MissingImage()});

  const Ended fetch = FetchInto(folder_.Path("missing"));

  EXPECT_THAT(fetch, ExitsWith(1));
}

TEST_F(StatusFileTest, IsAWarningForBadFlagsTooWhereItCannotBeWritten) {
  const Ended fetch =
      RunPrepull({"fetch", "--status-file", folder_.Path("missing/s.json"),
                  "--concurrency", "0"});

  EXPECT_THAT(fetch, ExitsWith(2));
  EXPECT_EQ(Warnings(fetch), 2) << fetch.err;
}

TEST_F(StatusFileTest, IsNotTouchedByADryRun) {
  LeaveOldSuccess();
  const std::string before = ReadAll(status_path());

  ASSERT_THAT(Fetch({"--dry-run", "quay.io/a:1"}), ExitsWith(0));

  EXPECT_EQ(ReadAll(status_path()), before);
}

}  // namespace
}  // namespace prepull
