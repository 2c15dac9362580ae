#include "prepull/runtime/runtime_version.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

TEST(ParseVersionTest, ReadsWhatRuntimesSay) {
  EXPECT_EQ(ParseVersion("1.6.20~ds1"), (VersionNumber{1, 6, 20}));
  EXPECT_EQ(ParseVersion("v2.1.9"), (VersionNumber{2, 1, 9}));
  EXPECT_EQ(ParseVersion("2.1.9+unknown"), (VersionNumber{2, 1, 9}));
  EXPECT_EQ(ParseVersion("1.7.27-k3s1"), (VersionNumber{1, 7, 27}));
  EXPECT_EQ(ParseVersion("1.30"), (VersionNumber{1, 30, 0}));
  for (const char* text : {"", "v", "2", "unknown", "x1.2"}) {
    EXPECT_EQ(ParseVersion(text), std::nullopt) << text;
  }
}

TEST(ParseVersionTest, PutsVersionsInOrder) {
  EXPECT_LT(*ParseVersion("1.6.24"), *ParseVersion("1.7.3"));
  EXPECT_LT(*ParseVersion("2.1.9"), *ParseVersion("2.1.10"));
}

TEST(HeedsPinsTest, BeginsWithTheVersionsThatBackportedIt) {
  for (const char* version : {"1.6.24", "v1.6.31", "1.7.3", "1.7.24~ds2",
                              "v2.0.0-rc.1", "v2.1.9", "10.0", "unknown", ""}) {
    EXPECT_TRUE(HeedsPins("containerd", version)) << version;
  }
  for (const char* version :
       {"1.5.18", "1.6.20~ds1", "v1.6.23", "1.7.2", "1.7.0-k3s1", "1.6"}) {
    EXPECT_FALSE(HeedsPins("containerd", version)) << version;
  }
  EXPECT_FALSE(HeedsPins("cri-o", "1.37.0"));
}

struct SlotsRow {
  std::string name;
  std::string version;
  int downloads;
  std::string where;
};

TEST(DefaultSlotsTest, SuitTheDownloadSlotsOfTheNode) {
  const std::vector<SlotsRow> rows = {
      {"containerd", "1.6.20~ds1", 0, "Debian 12"},
      {"containerd", "v1.7.24", 0, "upstream"},
      {"containerd", "2.0.5", 0, "upstream"},
      {"containerd", "v2.1.0", 4, "the first with one semaphore a node"},
      {"containerd", "v2.1.9", 4, "upstream"},
      {"containerd", "v2.1.5-k3s1", 4, "k3s"},
      {"containerd", "2.10.0", 4, "to come"},
      {"containerd", "v3.0.0-rc.1", 4, "to come"},
      {"cri-o", "1.37.0", 0, "no such limit"},
      {"cri-o", "2.1.0", 0, "no such limit"},
      {"", "", 0, "a runtime that is still starting"},
      {"containerd", "", 0, "unknown"},
      {"containerd", "unknown", 0, "a build without a version"},
      {"containerd", "2", 0, "cut short"},
      {"containerd", "<unknown>.1", 0, "unknown"},
  };
  for (const SlotsRow& row : rows) {
    SCOPED_TRACE(row.name + " " + row.version + ": " + row.where);
    const PullSlots slots = DefaultSlots(row.name, row.version, true);
    EXPECT_EQ(slots.pulls, row.name == "cri-o" ? 5 : 10);
    EXPECT_EQ(slots.downloads, row.downloads);
  }
}

TEST(DefaultSlotsTest, AreFewWhereLayersWouldBeFetchedTwice) {
  EXPECT_EQ(DefaultSlots("cri-o", "1.37.0", /*layer_order=*/false).pulls, 3);
  EXPECT_EQ(DefaultSlots("cri-o", "1.37.0", /*layer_order=*/true).pulls, 5);
  EXPECT_EQ(DefaultSlots("containerd", "1.7.24", false).pulls, 10);
}

TEST(SharesDownloadsTest, IsFalseForCrioOnly) {
  EXPECT_FALSE(SharesDownloads("cri-o"));
  EXPECT_TRUE(SharesDownloads("containerd"));
  EXPECT_TRUE(SharesDownloads(""));
}

TEST(ResumesWithinPullTest, IsTrueForCrioWithARecentLibrary) {
  EXPECT_TRUE(ResumesWithinPull("containerd", "1.6.20~ds1"));
  EXPECT_TRUE(ResumesWithinPull("cri-o", "1.27.0"));
  EXPECT_TRUE(ResumesWithinPull("cri-o", "1.37.0"));
  EXPECT_FALSE(ResumesWithinPull("cri-o", "1.26.5"));
  EXPECT_FALSE(ResumesWithinPull("cri-o", "dev"));
  EXPECT_FALSE(ResumesWithinPull("docker", "27.0.0"));
}

}  // namespace
}  // namespace prepull
