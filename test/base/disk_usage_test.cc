// FileSystem::Usage, and the paths it looks at below another root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "prepull/base/file_system.h"
#include "src/base/path.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::HasSubstr;

class PathInRootTest : public ::testing::Test {
 protected:
  PathInRootTest() {
    fs::create_directories(root() + "/data/images");
    fs::create_directories(folder_ + "/outside");
  }

  std::string root() const { return folder_ + "/host"; }

  void Link(const std::string& target, const std::string& name) const {
    fs::create_symlink(target, root() + name);
  }

  // The real path that is opened, less the folder; or the error.
  std::string Opened(const std::string& path) const {
    const absl::StatusOr<int> fd = OpenInRoot(root(), path);
    if (!fd.ok()) return std::string(fd.status().message());
    const std::string real =
        fs::read_symlink("/proc/self/fd/" + std::to_string(*fd)).string();
    close(*fd);
    return real.substr(fs::canonical(folder_).string().size());
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
};

TEST_F(PathInRootTest, IsBelowTheRoot) {
  EXPECT_EQ(Opened("/data/images"), "/host/data/images");
  EXPECT_EQ(Opened("//data/./images/"), "/host/data/images");
  EXPECT_EQ(Opened("/"), "/host");
}

TEST_F(PathInRootTest, NeverLeavesTheRootByDots) {
  EXPECT_EQ(Opened("/../outside"),
            "/../outside: outside: no such file or directory");
  EXPECT_EQ(Opened("/data/../../../.."), "/host");
  EXPECT_EQ(Opened("/data/../data"), "/host/data");
}

TEST_F(PathInRootTest, FollowsAbsoluteLinksFromTheRoot) {
  fs::create_directories(root() + "/var/lib");
  Link("/data", "/var/lib/containerd");

  EXPECT_EQ(Opened("/var/lib/containerd/images"), "/host/data/images");
}

TEST_F(PathInRootTest, FollowsRelativeLinksFromTheirFolder) {
  fs::create_directories(root() + "/var/lib");
  Link("../../data/images", "/var/lib/containerd");
  Link("../../../../../outside", "/var/lib/escape");

  EXPECT_EQ(Opened("/var/lib/containerd"), "/host/data/images");
  EXPECT_EQ(Opened("/var/lib/escape"),
            "/var/lib/escape: outside: no such file or directory");
}

TEST_F(PathInRootTest, EndsInACircleOfLinks) {
  Link("/b", "/a");
  Link("/a", "/b");

  EXPECT_THAT(Opened("/a"), HasSubstr("oo many levels of symbolic links"));
}

TEST_F(PathInRootTest, SaysWhatIsMissing) {
  EXPECT_EQ(Opened("/data/gone/x"),
            "/data/gone/x: gone: no such file or directory");
  EXPECT_THAT(OpenInRoot(folder_ + "/none", "/data"),
              StatusIs(Code::kNotFound, HasSubstr("host root: ")));
}

TEST_F(PathInRootTest, DoesNotPassThroughAFile) {
  std::ofstream(root() + "/file") << "x";

  EXPECT_EQ(Opened("/file"), "/host/file");
  EXPECT_EQ(Opened("/file/x"), "/file/x: x: not a directory");
}

TEST_F(PathInRootTest, LeavesNoDescriptorOpen) {
  const int before = dup(0);
  close(before);
  Link("/data", "/link");

  Opened("/link/images/../../..");
  Opened("/link/gone");

  const int after = dup(0);
  close(after);
  EXPECT_EQ(after, before);
}

TEST_F(PathInRootTest, UsageIsAsTheKernelCounts) {
  SystemFileSystem files;
  struct statvfs about;
  ASSERT_EQ(statvfs(root().c_str(), &about), 0);

  const absl::StatusOr<DiskUsage> usage = files.Usage(root(), "/data");

  ASSERT_THAT(usage, IsOk());
  EXPECT_EQ(usage->size_bytes,
            static_cast<int64_t>(about.f_blocks * about.f_frsize));
  EXPECT_EQ(usage->inodes, static_cast<int64_t>(about.f_files));
  EXPECT_GT(usage->used_bytes, 0);
  EXPECT_LT(usage->used_bytes, usage->size_bytes);
}

TEST_F(PathInRootTest, UsageOfWhatIsMissingIsNotFound) {
  SystemFileSystem files;

  EXPECT_THAT(files.Usage("/", folder_ + "/none"), StatusIs(Code::kNotFound));
  EXPECT_THAT(files.Usage(folder_ + "/none", "/"), StatusIs(Code::kNotFound));
}

}  // namespace
}  // namespace prepull
