#include "src/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/catalog/catalog_files.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<PackageRequest> Wanted(const std::vector<std::string>& words) {
  std::vector<PackageRequest> wanted;
  for (const std::string& word : words) {
    wanted.push_back(*ParsePackage(word, "test"));
  }
  return wanted;
}

// The catalogue that stands in one file, with `words` wanted of it.
class CatalogTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<CatalogImage>> Choose(
      const std::vector<std::string>& words, const std::string& versions,
      const std::string& text) {
    wanted_ = Wanted(words);
    Catalog catalog(wanted_);
    CatalogFiles files(catalog);
    EXPECT_THAT(files.Open("configs/op/catalog.json"), IsOk());
    EXPECT_THAT(files.Append(text), IsOk());
    EXPECT_THAT(files.Close(), IsOk());
    const absl::Status added = files.AddTo(catalog);
    if (!added.ok()) return added;
    return catalog.Choose(*CatalogVersions::Parse(versions));
  }

 private:
  std::vector<PackageRequest> wanted_;
};

constexpr char kCatalog[] = R"(
{"schema":"olm.package","name":"op","defaultChannel":"stable"}
{"schema":"olm.package","name":"other","defaultChannel":"x"}
{"schema":"olm.channel","package":"op","name":"stable","entries":[
  {"name":"op.v2","replaces":"op.v1","skips":["op.v1-bad"]},
  {"name":"op.v1-bad"},{"name":"op.v1"}]}
{"schema":"olm.channel","package":"op","name":"fast","entries":[{"name":"op.v3"}]}
{"schema":"olm.bundle","package":"op","name":"op.v1","image":"quay.io/b:1",
 "properties":[{"type":"olm.package","value":{"version":"1.0.0"}}],
 "relatedImages":[{"image":"quay.io/a:1"}]}
{"schema":"olm.bundle","package":"op","name":"op.v1-bad","image":"quay.io/b:1bad",
 "properties":[{"type":"olm.package","value":{"version":"1.0.1"}}]}
{"schema":"olm.bundle","package":"op","name":"op.v2","image":"quay.io/b:2",
 "properties":[{"type":"olm.package","value":{"version":"2.0.0"}}],
 "relatedImages":[{"image":"quay.io/a:2"},{"image":""},{"image":"quay.io/b:2"}]}
{"schema":"olm.bundle","package":"op","name":"op.v3","image":"quay.io/b:3"}
{"schema":"olm.deprecations","package":"op","entries":[{"message":"x"}]}
)";

TEST_F(CatalogTest, TheHeadOfTheDefaultChannelAndWhatItNeeds) {
  const auto images = Choose({"op"}, "head", kCatalog);

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:2", "op.v2"),
                                   FieldsAre("quay.io/a:2", "op.v2")));
}

TEST_F(CatalogTest, TwoChannelsOfOnePackageBothCount) {
  const auto images = Choose({"op:stable,fast"}, "head", kCatalog);

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:2", "op.v2"),
                                   FieldsAre("quay.io/a:2", "op.v2"),
                                   FieldsAre("quay.io/b:3", "op.v3")));
}

TEST_F(CatalogTest, ARangeTakesTheVersionsBetween) {
  const auto images = Choose({"op"}, "1.0.0..1.9", kCatalog);

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:1bad", "op.v1-bad"),
                                   FieldsAre("quay.io/b:1", "op.v1"),
                                   FieldsAre("quay.io/a:1", "op.v1")));
}

TEST_F(CatalogTest, APackageOfAnotherCatalogueHasNoImagesHere) {
  const auto images = Choose({"elsewhere"}, "head", kCatalog);

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, IsEmpty());
}

TEST_F(CatalogTest, AChannelOfAnotherCatalogueHasNoImagesHere) {
  const auto images = Choose({"op:slow,fast"}, "head", kCatalog);

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:3", "op.v3")));
}

TEST_F(CatalogTest, ADefaultChannelThatIsMissingNamesThoseThatThereAre) {
  EXPECT_THAT(
      Choose({"op"}, "head",
             R"({"schema":"olm.package","name":"op","defaultChannel":"slow"}
{"schema":"olm.channel","package":"op","name":"fast","entries":[{"name":"v"}]}
{"schema":"olm.channel","package":"op","name":"stable","entries":[{"name":"v"}]}
)"),
      StatusIs(absl::StatusCode::kNotFound,
               HasSubstr("package op: channel \"slow\" not found; "
                         "existing: fast, stable")));
}

TEST_F(CatalogTest, AMissingBundleIsAnError) {
  EXPECT_THAT(
      Choose({"op"}, "head",
             R"({"schema":"olm.package","name":"op","defaultChannel":"c"}
                {"schema":"olm.channel","package":"op","name":"c",
                 "entries":[{"name":"op.v1"}]})"),
      StatusIs(absl::StatusCode::kNotFound,
               HasSubstr("bundle \"op.v1\" not found; existing: none")));
}

TEST_F(CatalogTest, WhatIsSaidTwiceIsAnErrorThatNamesTheFile) {
  EXPECT_THAT(Choose({"op"}, "head",
                     R"({"schema":"olm.channel","package":"op","name":"c"}
                        {"schema":"olm.channel","package":"op","name":"c"})"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "configs/op/catalog.json: channel \"c\": defined "
                       "twice"));
}

TEST_F(CatalogTest, MorePackagesThanMemoryAreRefused) {
  const std::string name(1000, 'n');
  std::string text;
  for (int i = 0; i < 110'000; ++i) {
    absl::StrAppend(&text, R"({"schema":"olm.bundle","package":"op","name":")",
                    name, R"("})");
  }

  EXPECT_THAT(Choose({"op"}, "head", text),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("catalogue too large: more than 134MB")));
}

TEST(CatalogFilesTest, WhatIsIgnoredMayBeBroken) {
  const std::vector<PackageRequest> wanted = Wanted({"op"});
  Catalog catalog(wanted);
  CatalogFiles files(catalog);
  ASSERT_THAT(files.Open("configs/README.md"), IsOk());
  ASSERT_THAT(files.Append("# Read me"), IsOk());
  ASSERT_THAT(files.Append("\n\n[broken"), IsOk());
  ASSERT_THAT(files.Close(), IsOk());
  EXPECT_THAT(files.AddTo(catalog),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("configs/README.md: document 1")));

  ASSERT_THAT(files.Open("configs/.indexignore"), IsOk());
  ASSERT_THAT(files.Append("*.md\n"), IsOk());
  ASSERT_THAT(files.Close(), IsOk());

  EXPECT_THAT(files.AddTo(catalog), IsOk());
}

TEST(CatalogFilesTest, AFileThatComesAgainReplacesTheFirst) {
  const std::vector<PackageRequest> wanted = Wanted({"op"});
  Catalog catalog(wanted);
  CatalogFiles files(catalog);
  for (const char* text :
       {"nonsense", R"({"schema":"olm.package","name":"op"})"}) {
    ASSERT_THAT(files.Open("configs/c"), IsOk());
    ASSERT_THAT(files.Append(text), IsOk());
    ASSERT_THAT(files.Close(), IsOk());
  }

  ASSERT_THAT(files.AddTo(catalog), IsOk());
  EXPECT_TRUE(catalog.Has("op"));
}

}  // namespace
}  // namespace prepull
