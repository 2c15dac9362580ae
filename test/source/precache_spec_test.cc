#include "src/source/precache_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kGiB = 1 << 30;
constexpr auto kMalformedSpec = absl::StatusCode::kInvalidArgument;

// The keys of a spec and what they hold; the rest is not there.
using Keys = std::map<std::string, std::string>;

absl::StatusOr<PrecacheSpec> Read(const Keys& keys) {
  FakeFileSystem files;
  for (const auto& [key, text] : keys) {
    EXPECT_THAT(files.WriteFileAtomically("/spec/" + key, text), IsOk());
  }
  return ReadPrecacheSpec(files, "/spec");
}

// "image origin" of each, an error behind it.
std::vector<std::string> Shown(const std::vector<ImageRequest>& requests) {
  std::vector<std::string> shown;
  for (const ImageRequest& request : requests) {
    shown.push_back(absl::StrCat(request.image, " ", request.origin));
    if (!request.reference.ok()) shown.back() += " (malformed)";
  }
  return shown;
}

// "name: channels origin" of each.
std::vector<std::string> Shown(const std::vector<PackageRequest>& packages) {
  std::vector<std::string> shown;
  for (const PackageRequest& package : packages) {
    shown.push_back(absl::StrCat(package.name, ": ",
                                 absl::StrJoin(package.channels, ","), " ",
                                 package.origin));
  }
  return shown;
}

absl::StatusOr<std::optional<int64_t>> SpaceOf(const std::string& text) {
  const absl::StatusOr<PrecacheSpec> spec = Read({{"spaceRequired", text}});
  if (!spec.ok()) return spec.status();
  return spec->space_required_bytes;
}

TEST(PrecacheSpecTest, ReadsTheSixKeys) {
  const absl::StatusOr<PrecacheSpec> spec = Read(
      {{"platform.image", "quay.io/ocp/release@sha256:" + std::string(64, 'a')},
       {"operators.indexes", "quay.io/i/one:v4\nquay.io/i/two:v4"},
       {"operators.packagesAndChannels", "local-storage: stable\nptp:4.14"},
       {"excludePrecachePatterns", "aws\nazure"},
       {"additionalImages", "quay.io/a:1\nquay.io/b:1"},
       {"spaceRequired", "35"}});

  ASSERT_THAT(spec, IsOk());
  ASSERT_TRUE(spec->platform_image.has_value());
  EXPECT_EQ(spec->platform_image->origin, "/spec/platform.image:1");
  EXPECT_THAT(spec->platform_image->reference, IsOk());
  EXPECT_THAT(Shown(spec->indexes),
              ElementsAre("quay.io/i/one:v4 /spec/operators.indexes:1",
                          "quay.io/i/two:v4 /spec/operators.indexes:2"));
  EXPECT_THAT(
      Shown(spec->packages),
      ElementsAre("local-storage: stable /spec/operators.packagesAndChannels:1",
                  "ptp: 4.14 /spec/operators.packagesAndChannels:2"));
  ASSERT_EQ(spec->exclude_patterns.size(), 2);
  EXPECT_EQ(spec->exclude_patterns[1].text, "azure");
  EXPECT_EQ(spec->exclude_patterns[1].origin,
            "/spec/excludePrecachePatterns:2");
  EXPECT_THAT(Shown(spec->additional_images),
              ElementsAre("quay.io/a:1 /spec/additionalImages:1",
                          "quay.io/b:1 /spec/additionalImages:2"));
  EXPECT_EQ(spec->space_required_bytes, 35 * kGiB);
}

// TALM's script loses it since the operator writes no newline there.
TEST(PrecacheSpecTest, CountsTheOnlyLineWithoutANewline) {
  const absl::StatusOr<PrecacheSpec> spec =
      Read({{"additionalImages", "quay.io/a:1"}});

  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(Shown(spec->additional_images),
              ElementsAre("quay.io/a:1 /spec/additionalImages:1"));
}

TEST(PrecacheSpecTest, AcceptsBlanksWindowsLinesAndQuotes) {
  const absl::StatusOr<PrecacheSpec> spec =
      Read({{"platform.image", "quay.io/ocp/release:4.14 \n"},
            {"operators.indexes", "quay.io/i:v4 \r\n\r\nquay.io/i:v4 \r\n"},
            {"operators.packagesAndChannels", "\r\n  ptp : stable \r\n"},
            {"excludePrecachePatterns", " aws \r\n\n azure\n"},
            {"additionalImages", "\"quay.io/a:1\" \n\nquay.io/b:1\t\n"},
            {"spaceRequired", " 35 \r\n"}});

  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->platform_image->reference->text(),
            "quay.io/ocp/release:4.14");
  EXPECT_THAT(Shown(spec->indexes),
              ElementsAre("quay.io/i:v4 /spec/operators.indexes:1"));
  EXPECT_THAT(Shown(spec->packages),
              ElementsAre("ptp: stable /spec/operators.packagesAndChannels:2"));
  EXPECT_EQ(spec->exclude_patterns.at(0).text, "aws");
  EXPECT_THAT(Shown(spec->additional_images),
              ElementsAre("quay.io/a:1 /spec/additionalImages:1",
                          "quay.io/b:1 /spec/additionalImages:3"));
  EXPECT_EQ(spec->space_required_bytes, 35 * kGiB);
}

TEST(PrecacheSpecTest, AcceptsEmptyValuesAndMissingKeys) {
  const absl::StatusOr<PrecacheSpec> spec = Read({{"platform.image", ""},
                                                  {"operators.indexes", " \n"},
                                                  {"spaceRequired", "\n"}});

  ASSERT_THAT(spec, IsOk());
  EXPECT_FALSE(spec->platform_image.has_value());
  EXPECT_THAT(spec->indexes, IsEmpty());
  EXPECT_THAT(spec->packages, IsEmpty());
  EXPECT_FALSE(spec->space_required_bytes.has_value());
}

// TALM's script keeps the last channel of a package only.
TEST(PrecacheSpecTest, HonoursEveryChannelOfAPackage) {
  const absl::StatusOr<PrecacheSpec> spec = Read(
      {{"operators.packagesAndChannels", "ptp:4.14\nsriov\nptp:4.15\nptp:"}});

  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(
      Shown(spec->packages),
      ElementsAre("ptp: 4.14,4.15, /spec/operators.packagesAndChannels:1",
                  "sriov:  /spec/operators.packagesAndChannels:2"));
}

// TALM's script skips it.
TEST(PrecacheSpecTest, NamesAMalformedLineOfAPackage) {
  EXPECT_THAT(
      Read({{"operators.packagesAndChannels", "ptp:4.14\n\nptp:4.15:x\n"}}),
      StatusIs(kMalformedSpec,
               "/spec/operators.packagesAndChannels:3: \"ptp:4.15:x\": second "
               "':': expected NAME[:CHANNEL,...]"));
}

TEST(PrecacheSpecTest, KeepsAMalformedImageAsThatImagesFailure) {
  const absl::StatusOr<PrecacheSpec> spec =
      Read({{"additionalImages", "quay.io/A:1\nquay.io/b:1"}});

  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(Shown(spec->additional_images),
              ElementsAre("quay.io/A:1 /spec/additionalImages:1 (malformed)",
                          "quay.io/b:1 /spec/additionalImages:2"));
}

TEST(PrecacheSpecTest, RefusesASecondReleaseImage) {
  EXPECT_THAT(
      Read({{"platform.image", "a:1\n\nb:1"}}),
      StatusIs(kMalformedSpec,
               "/spec/platform.image:3: second release image: expected one"));
}

TEST(PrecacheSpecTest, RefusesCataloguesWithoutPackages) {
  EXPECT_THAT(Read({{"operators.indexes", "\nquay.io/i:v4"}}),
              StatusIs(kMalformedSpec,
                       "/spec/operators.indexes:2: catalogue without a package "
                       "in operators.packagesAndChannels"));
  EXPECT_THAT(Read({{"operators.packagesAndChannels", "ptp:4.14"}}), IsOk());
}

TEST(PrecacheSpecTest, ReadsSpaceInGiB) {
  EXPECT_THAT(SpaceOf("0"), IsOkAndHolds(0));
  EXPECT_THAT(SpaceOf("40GiB"), IsOkAndHolds(40 * kGiB));
  EXPECT_THAT(SpaceOf("45 GB"), IsOkAndHolds(45000000000));
  EXPECT_THAT(SpaceOf("35.5"),
              StatusIs(kMalformedSpec,
                       "/spec/spaceRequired:1: invalid size \"35.5\": expected "
                       "a number of GiB"));
  for (const std::string text :
       {"-1", "lots", "99999999999", "9999999999999999999999", "35\n36"}) {
    EXPECT_THAT(SpaceOf(text),
                StatusIs(kMalformedSpec, StartsWith("/spec/spaceRequired:")))
        << text;
  }
}

TEST(PrecacheSpecTest, NeedsOneOfTheKeys) {
  EXPECT_THAT(Read({{"images.txt", "quay.io/a:1"}}),
              StatusIs(absl::StatusCode::kNotFound,
                       "/spec: none of platform.image, "
                       "operators.indexes, operators.packagesAndChannels, "
                       "excludePrecachePatterns, additionalImages, "
                       "spaceRequired found"));
  EXPECT_THAT(Read({}), StatusIs(absl::StatusCode::kNotFound));
}

TEST(PrecacheSpecTest, FollowsTheLinksOfAMountedConfigMap) {
  TempFolder folder;
  SystemFileSystem files;
  std::filesystem::create_directory(folder.Path("..2026_01_02"));
  std::filesystem::create_symlink("..2026_01_02", folder.Path("..data"));
  folder.Write("..data/additionalImages", "quay.io/a:1");
  std::filesystem::create_symlink("..data/additionalImages",
                                  folder.Path("additionalImages"));

  const absl::StatusOr<PrecacheSpec> spec =
      ReadPrecacheSpec(files, folder.Path(""));

  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(
      Shown(spec->additional_images),
      ElementsAre("quay.io/a:1 " + folder.Path("") + "/additionalImages:1"));
}

TEST(PrecacheSpecTest, SaysWhatCannotBeRead) {
  TempFolder folder;
  SystemFileSystem files;
  std::filesystem::create_directory(folder.Path("additionalImages"));
  const std::string file = folder.Write("file", "");

  EXPECT_FALSE(ReadPrecacheSpec(files, folder.Path("")).ok());
  EXPECT_FALSE(ReadPrecacheSpec(files, file).ok());
  EXPECT_THAT(ReadPrecacheSpec(files, folder.Path("gone")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/gone")));
}

}  // namespace
}  // namespace prepull
