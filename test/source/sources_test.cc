#include "prepull/source/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/source/sources_fixture.h"
#include "test/support/status_matchers.h"
#include "test/support/tar_builder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(SourcesTest, AReleaseIsItsImageAndWhatItIsMadeOf) {
  options_.releases = {"quay.io/ocp/release:4"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/aws-thing:1",
                          "quay.io/ocp/cli:1", "quay.io/ocp/etcd:1"));
  EXPECT_EQ(found->requests[0].origin, "--release");
  EXPECT_EQ(found->requests[3].origin, "quay.io/ocp/release:4 etcd");
}

TEST_F(SourcesTest, ExcludesConcernTheReleaseOnly) {
  options_.releases = {"quay.io/ocp/release:4"};
  options_.excludes = {"aws"};
  options_.exclude_files = {"excludes.txt"};
  options_.selects = {"quay.io/app semver:* newest:1"};
  Put("excludes.txt", "\n ^\"cli \r\napp");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/etcd:1",
                          "quay.io/app:2.0.0"));
}

TEST_F(SourcesTest, PackagesAreLookedForInAllCatalogues) {
  options_.catalogs = {"quay.io/index/one:1", "quay.io/index/two:1"};
  options_.packages = {"op", "other:c"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->failures, IsEmpty());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/index/one:1", "quay.io/op/bundle:1",
                          "quay.io/op/operand:1", "quay.io/index/two:1",
                          "quay.io/other/bundle:1", "quay.io/other/operand:1"));
  EXPECT_EQ(found->requests[1].origin, "quay.io/index/one:1 op.v1");
}

TEST_F(SourcesTest, APackageOfNoCatalogueIsAFailureThatNamesThoseThereAre) {
  options_.catalogs = {"quay.io/index/one:1", "quay.io/index/two:1"};
  options_.packages = {"missing"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kNotFound,
                       "--package missing: in no catalogue; there is op, "
                       "other"));
}

TEST_F(SourcesTest, AChannelMayBeInOneOfTheCataloguesThatHaveItsPackage) {
  registry_.Add("quay.io/index/old:1", {CatalogOf("op", "old")});
  options_.catalogs = {"quay.io/index/one:1", "quay.io/index/old:1"};
  options_.packages = {"op:c,old,gone"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/index/one:1", "quay.io/op/bundle:1",
                          "quay.io/op/operand:1", "quay.io/index/old:1",
                          "quay.io/op/bundle:1", "quay.io/op/operand:1"));
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kNotFound,
                       "--package op: no channel \"gone\"; there is c, old"));
}

TEST_F(SourcesTest, ASourceThatFailsLeavesTheOthers) {
  options_.releases = {"quay.io/ocp/release:4"};
  options_.catalogs = {"quay.io/index/one:1"};
  options_.packages = {"op"};
  options_.selects = {"quay.io/app semver:~9"};
  registry_.broken["quay.io/index/one:1"] = absl::UnavailableError("refused");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/aws-thing:1",
                          "quay.io/ocp/cli:1", "quay.io/ocp/etcd:1"));
  ASSERT_THAT(found->failures, SizeIs(2));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       "--catalog quay.io/index/one:1: refused"));
  EXPECT_THAT(
      found->failures[1].reference.status(),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("--select quay.io/app")));
}

TEST_F(SourcesTest, AStopEndsItAll) {
  options_.releases = {"quay.io/ocp/release:4"};
  registry_.broken["quay.io/ocp/release:4"] = absl::CancelledError("stopped");

  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(SourcesTest, AnImageThatIsNoReleaseIsSaidToBeNone) {
  registry_.Add("quay.io/app:1", {TarBuilder().File("etc/f", "").Take()});
  options_.releases = {"quay.io/app:1"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("release-manifests/image-references: "
                                 "no such file")));
}

TEST_F(SourcesTest, AnAliasIsAskedForEachTime) {
  registry_.tags["quay.io/lab"] = {"recommended", "w_2026_1"};
  registry_.Add("quay.io/lab:recommended", {});
  options_.selects = {"quay.io/lab rubin weeklies=1 recommended=recommended"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(Images(found->requests),
              ElementsAre("quay.io/lab:recommended", "quay.io/lab:w_2026_1"));
  EXPECT_EQ(found->requests[0].options.policy, PullPolicy::kAlways);
  EXPECT_EQ(found->requests[0].origin,
            "--select quay.io/lab, now sha256:quay.io/lab:recommended");
  EXPECT_EQ(found->requests[1].options.policy, std::nullopt);
}

TEST_F(SourcesTest, AnAliasWithoutAManifestFailsItsRule) {
  registry_.tags["quay.io/lab"] = {"recommended"};
  options_.selects = {"quay.io/lab rubin recommended=recommended"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->requests, IsEmpty());
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("quay.io/lab:recommended")));
}

TEST_F(SourcesTest, TalmsFolderIsAllOfIt) {
  options_.precache_specs = {"/etc/config"};
  Put("/etc/config/platform.image", "quay.io/ocp/release:4");
  Put("/etc/config/operators.indexes", "quay.io/index/one:1\n");
  Put("/etc/config/operators.packagesAndChannels", "op:c");
  Put("/etc/config/excludePrecachePatterns", "aws\n");
  Put("/etc/config/additionalImages", "quay.io/a:1\nquay.io/b:1");
  Put("/etc/config/spaceRequired", "40");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/cli:1",
                          "quay.io/ocp/etcd:1", "quay.io/index/one:1",
                          "quay.io/op/bundle:1", "quay.io/op/operand:1",
                          "quay.io/a:1", "quay.io/b:1"));
  EXPECT_EQ(found->space_required_bytes, int64_t{40} << 30);
}

TEST_F(SourcesTest, TalmsFolderMayNamePackagesForNoCatalogue) {
  options_.precache_specs = {"/etc/config"};
  Put("/etc/config/platform.image", "quay.io/ocp/release:4");
  Put("/etc/config/operators.indexes", "\n");
  Put("/etc/config/operators.packagesAndChannels", "op:c");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->failures, IsEmpty());
  EXPECT_THAT(found->requests, SizeIs(4));
}

TEST_F(SourcesTest, ExcludesOfFlagsHoldForTalmsReleaseToo) {
  options_.precache_specs = {"/etc/config"};
  options_.excludes = {"cli"};
  Put("/etc/config/platform.image", "quay.io/ocp/release:4");
  Put("/etc/config/excludePrecachePatterns", "aws");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/etcd:1"));
}

TEST_F(SourcesTest, APatternOfBlanksExcludesNothing) {
  options_.releases = {"quay.io/ocp/release:4"};
  options_.excludes = {"", " aws \r\n"};
  options_.exclude_files = {"/excludes"};
  Put("/excludes",
      "\xEF\xBB\xBF"
      "etcd\r\n \n");

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Images(found->requests),
              ElementsAre("quay.io/ocp/release:4", "quay.io/ocp/cli:1"));
}

TEST_F(SourcesTest, ALayerThatIsGoneIsNoMissingCatalogue) {
  registry_.LoseLayers("quay.io/index/one:1");
  options_.catalogs = {"quay.io/index/one:1"};
  options_.packages = {"op"};

  const auto found = Resolve();

  ASSERT_THAT(found, IsOk());
  ASSERT_THAT(found->failures, SizeIs(1));
  EXPECT_THAT(found->failures[0].reference.status(),
              StatusIs(absl::StatusCode::kDataLoss,
                       "--catalog quay.io/index/one:1: /configs: its layer 1: "
                       "no such blob"));
}

TEST_F(SourcesTest, FlagsThatNeedOthersSaySo) {
  options_.catalogs = {"quay.io/index/one:1"};
  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  "--catalog needs a --package"));
  options_ = {};
  options_.packages = {"op"};
  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  "--package needs a --catalog"));
  options_ = {};
  options_.excludes = {"aws"};
  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  "--exclude needs a --release"));
  options_ = {};
  options_.catalog_versions = "newest";
  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("--catalog-versions")));
  options_ = {};
  options_.releases = {"Bad"};
  EXPECT_THAT(Resolve(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("--release: \"Bad\"")));
}

}  // namespace
}  // namespace prepull
