#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "prepull/progress/manifest_choice.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;

constexpr char kConfig[] =
    R"("config":{"mediaType":"application/x","digest":"sha256:cc","size":7})";

std::string ManifestOf(absl::string_view layers) {
  return absl::StrCat("{\"schemaVersion\":2,", kConfig, ",\"layers\":[", layers,
                      "]}");
}

TEST(ParseManifestBlobsTest, ListsTheConfigAndEachLayerOnce) {
  const auto blobs = ParseManifestBlobs(
      ManifestOf(R"({"digest":"sha256:11","size":100},)"
                 R"({"digest":"sha256:22","size":5000000000},)"
                 R"({"digest":"sha256:11","size":100})"));

  ASSERT_THAT(blobs, IsOk());
  EXPECT_THAT(*blobs, ElementsAre(FieldsAre("sha256:cc", 7),
                                  FieldsAre("sha256:11", 100),
                                  FieldsAre("sha256:22", 5000000000)));
}

TEST(ParseManifestBlobsTest, RefusesWhatIsNoManifest) {
  for (const std::string& text : {
           std::string(),
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           std::string(R"({"manifests":[{"digest":"sha256:1","size":1}]})"),
           std::string(R"({"layers":[]})"),
           ManifestOf("1"),
           ManifestOf(R"({"digest":"sha256:11"})"),
           ManifestOf(R"({"digest":"sha256:11","size":-1})"),
           ManifestOf(R"({"digest":"sha256:11","size":1.5})"),
           ManifestOf(R"({"digest":"sha256:11","size":"7"})"),
           ManifestOf(R"({"digest":"sha256:11","size":9007199254740993000})"),
           ManifestOf(R"({"digest":"","size":1})"),
           ManifestOf(R"({"size":1})"),
           std::string(100'000, '['),
       }) {
    EXPECT_THAT(ParseManifestBlobs(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text.substr(0, 80);
  }
}

TEST(ParseManifestBlobsTest, RefusesMoreLayersThanAnyImageHas) {
  std::string layers = R"({"digest":"sha256:1","size":1})";
  for (int i = 0; i < 10'000; ++i) {
    layers += R"(,{"digest":"sha256:1","size":1})";
  }
  EXPECT_THAT(ParseManifestBlobs(ManifestOf(layers)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace prepull
