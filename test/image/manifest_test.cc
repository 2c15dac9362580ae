#include "prepull/image/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;

TEST(ParseManifestTest, ReadsAManifestsLayersInTheirOrder) {
  const auto parsed = ParseManifest(R"({"schemaVersion":2,
      "config":{"digest":"sha256:cc","size":7},
      "layers":[{"digest":"sha256:22","size":2},
                {"digest":"sha256:11","size":5000000000}]})");

  ASSERT_THAT(parsed, IsOk());
  const auto& manifest = std::get<ImageManifest>(*parsed);
  EXPECT_THAT(manifest.config, FieldsAre("sha256:cc", 7));
  EXPECT_THAT(manifest.layers, ElementsAre(FieldsAre("sha256:22", 2),
                                           FieldsAre("sha256:11", 5000000000)));
}

TEST(ParseManifestTest, ReadsAnIndexAlsoWithoutPlatforms) {
  const auto parsed = ParseManifest(R"({"manifests":[
      {"digest":"sha256:1","size":9,"platform":
        {"os":"linux","architecture":"arm64","variant":"v8"}},
      {"digest":"sha256:2","size":8}]})");

  ASSERT_THAT(parsed, IsOk());
  const auto& entries = std::get<ImageIndex>(*parsed).entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_THAT(entries[0].manifest, FieldsAre("sha256:1", 9));
  EXPECT_THAT(entries[0].platform, FieldsAre("linux", "arm64", "v8"));
  EXPECT_THAT(entries[1].platform, FieldsAre("", "", ""));
}

TEST(ParseManifestTest, RefusesWhatCouldBeReadAsBoth) {
  EXPECT_THAT(ParseManifest(R"({"layers":[],"manifests":[]})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("both a manifest and an index")));
}

TEST(ParseManifestTest, SaysThatSchema1IsOver) {
  EXPECT_THAT(
      ParseManifest(R"({"schemaVersion":1,"fsLayers":[]})"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("schema 1")));
}

// 10,000 of the largest blobs would not fit into 64 bits.
TEST(ParseManifestTest, RefusesBlobsThatAreTooLargeInAll) {
  const auto manifest = [](int64_t first, int64_t second) {
    return ParseManifest(
        absl::StrCat(R"({"config":{"digest":"sha256:cc","size":1},"layers":[)",
                     R"({"digest":"sha256:11","size":)", first, "},",
                     R"({"digest":"sha256:22","size":)", second, "}]}"));
  };
  constexpr int64_t kMost = int64_t{1} << 44;

  EXPECT_THAT(manifest(kMost / 2, kMost / 2 - 1), IsOk());
  EXPECT_THAT(
      manifest(kMost / 2, kMost / 2),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too large")));
  EXPECT_THAT(manifest(kMost + 1, 0),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("blob: missing or invalid size")));
}

TEST(ParseImageLabelsTest, ReadsTheTextsAmongThem) {
  const auto labels = ParseImageLabels(
      R"({"architecture":"amd64","config":{"Labels":{"a":"1","b":2}}})");

  ASSERT_THAT(labels, IsOk());
  EXPECT_THAT(*labels, ElementsAre(::testing::Pair("a", "1")));
}

TEST(ParseImageLabelsTest, ThereMayBeNone) {
  for (const char* text : {"{}", R"({"config":null})", R"({"config":{}})",
                           R"({"config":{"Labels":null}})"}) {
    const auto labels = ParseImageLabels(text);
    ASSERT_THAT(labels, IsOk()) << text;
    EXPECT_TRUE(labels->empty()) << text;
  }
  EXPECT_THAT(ParseImageLabels("[]"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

ImageIndex IndexOf(const std::vector<Platform>& platforms) {
  ImageIndex index;
  for (const Platform& platform : platforms) {
    const std::string name =
        absl::StrCat(platform.os, platform.architecture, platform.variant);
    index.entries.push_back(
        {.manifest = {.digest = name, .size_bytes = 1}, .platform = platform});
  }
  return index;
}

struct PlatformCase {
  Platform wanted;
  std::vector<Platform> there;
  std::string chosen;
};

class ChoosePlatformTest : public ::testing::TestWithParam<PlatformCase> {};

TEST_P(ChoosePlatformTest, TakesWhatARuntimeWouldTake) {
  const auto chosen =
      ChoosePlatform(IndexOf(GetParam().there), GetParam().wanted);

  ASSERT_THAT(chosen, IsOk());
  EXPECT_EQ(chosen->digest, GetParam().chosen);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChoosePlatformTest,
    ::testing::Values(
        PlatformCase{{"linux", "amd64", ""},
                     {{"windows", "amd64", ""}, {"linux", "amd64", ""}},
                     "linuxamd64"},
        // A higher level than the plain one may not run.
        PlatformCase{{"linux", "amd64", ""},
                     {{"linux", "amd64", "v3"}, {"linux", "amd64", ""}},
                     "linuxamd64"},
        PlatformCase{
            {"linux", "arm64", "v8"}, {{"linux", "arm64", ""}}, "linuxarm64"},
        PlatformCase{{"linux", "arm64", "v8"},
                     {{"linux", "arm64", ""}, {"linux", "arm64", "v8"}},
                     "linuxarm64v8"},
        PlatformCase{{"linux", "arm", "v7"},
                     {{"linux", "arm", "v5"}, {"linux", "arm", "v6"}},
                     "linuxarmv6"}));

TEST(ChooseNoPlatformTest, NamesThePlatformsThatThereAre) {
  const auto chosen =
      ChoosePlatform(IndexOf({{"linux", "s390x", ""}, {"linux", "arm", "v7"}}),
                     {.os = "linux", .architecture = "amd64"});

  EXPECT_THAT(chosen, StatusIs(absl::StatusCode::kNotFound,
                               "no image for linux/amd64: available for "
                               "linux/s390x, linux/arm/v7"));
}

}  // namespace
}  // namespace prepull
