#include "src/runtime/store_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string LayerDigest(char digit) {
  return absl::StrCat("sha256:", std::string(64, digit));
}

// A layer as CRI-O 1.37 lists it.
std::string StoreLayerOf(char compressed, char uncompressed,
                         const std::string& more = "") {
  return absl::StrCat(
      R"({"id":")", std::string(64, uncompressed),
      R"(","parent":"00ff","created":"2026-11-29T14:40:58.915311928Z",)",
      R"("compressed-diff-digest":")", LayerDigest(compressed),
      R"(","compressed-size":20006667,"diff-digest":")",
      LayerDigest(uncompressed), R"(","diff-size":20008960,"compression":2,)",
      R"("uidset":[0,70],"gidset":[0])", more, "}");
}

TEST(ParseStoreLayersTest, KnowsLayersByBothDigests) {
  const auto layers = ParseStoreLayers(absl::StrCat(
      "[", StoreLayerOf('1', '2'), ",", StoreLayerOf('3', '4'), "]\n"));

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(layers->digests,
              UnorderedElementsAre(LayerDigest('1'), LayerDigest('2'),
                                   LayerDigest('3'), LayerDigest('4')));
  EXPECT_TRUE(layers->is_complete);
}

TEST(ParseStoreLayersTest, LeavesOutWhatIsBeingUnpacked) {
  const auto layers = ParseStoreLayers(absl::StrCat(
      "[", StoreLayerOf('1', '2', R"(,"flags":{"a":"b","incomplete":true})"),
      ",", StoreLayerOf('3', '4', R"(,"flags":{"incomplete":false})"), "]"));

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(layers->digests,
              UnorderedElementsAre(LayerDigest('3'), LayerDigest('4')));
}

TEST(ParseStoreLayersTest, LooksForTheFlagOnlyWhereItIs) {
  const auto layers = ParseStoreLayers(absl::StrCat(
      "[", StoreLayerOf('1', '2', R"(,"incomplete":true)"), ",",
      StoreLayerOf('3', '4', R"(,"other":{"incomplete":true})"), ",",
      StoreLayerOf('5', '6', R"(,"flags":{"x":{"incomplete":true}})"), "]"));

  ASSERT_THAT(layers, IsOk());
  EXPECT_EQ(layers->digests.size(), 6u);
}

TEST(ParseStoreLayersTest, LeavesOutLayersOfContainers) {
  const auto layers = ParseStoreLayers(
      R"([{"id":"aa","parent":"00ff","names":["k8s_POD"],"mountlabel":""}])");

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(layers->digests, IsEmpty());
  EXPECT_TRUE(layers->is_complete);
}

// As a partial pull of zstd:chunked and a local build leave them.
TEST(ParseStoreLayersTest, SaysThatManifestsMayNameALayerOtherwise) {
  for (const std::string& digest :
       {absl::StrCat(R"("toc-digest":")", LayerDigest('1')),
        absl::StrCat(R"("diff-digest":")", LayerDigest('2'))}) {
    const auto layers =
        ParseStoreLayers(absl::StrCat(R"([{"id":"aa",)", digest, "\"}]"));

    ASSERT_THAT(layers, IsOk());
    EXPECT_FALSE(layers->is_complete) << digest;
  }
}

TEST(ParseStoreLayersTest, AnEmptyStoreHasNone) {
  for (const char* text : {"", "[]", "null", " [ ] \n"}) {
    const auto layers = ParseStoreLayers(text);

    ASSERT_THAT(layers, IsOk()) << text;
    EXPECT_THAT(layers->digests, IsEmpty());
    EXPECT_TRUE(layers->is_complete);
  }
}

TEST(ParseStoreLayersTest, DropsDigestsThatAreNone) {
  const auto layers = ParseStoreLayers(absl::StrCat(
      R"([{"id":"aa","compressed-diff-digest":"sha256:)",
      std::string(1'000'000, 'a'), R"(","diff-digest":7},)",
      R"({"id":"bb","compressed-diff-digest":"sha256:../../etc"}])"));

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT(layers->digests, IsEmpty());
}

TEST(ParseStoreLayersTest, RefusesWhatIsNoListOfLayers) {
  for (const std::string& text : {
           std::string("{"),
           std::string("{}"),
           std::string("7"),
           std::string("\"text\""),
           std::string("[7]"),
           std::string("[\"text\"]"),
           std::string("[null]"),
           std::string("[[]]"),
           std::string("[{}"),
           std::string("[{}]]"),
           std::string("[{}] x"),
           std::string("<html>"),
           std::string("\0\0\0\0", 4),
           std::string(100'000, '['),
           absl::StrCat("[{\"a\":", std::string(1000, '[')),
       }) {
    EXPECT_THAT(ParseStoreLayers(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text.substr(0, 80);
  }
}

}  // namespace
}  // namespace prepull
