#include "src/catalog/catalog_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What stands in `text`, given piece by piece, if only `op` is wanted.
absl::StatusOr<std::vector<CatalogDocument>> Read(const std::string& text,
                                                  size_t piece_bytes) {
  std::vector<CatalogDocument> documents;
  const auto stream = MakeCatalogStream(
      [&](CatalogDocument document) {
        documents.push_back(std::move(document));
        return absl::OkStatus();
      },
      [](absl::string_view package) { return package == "op"; });
  for (size_t at = 0; at < text.size(); at += piece_bytes) {
    const absl::Status taken = stream->Append(text.substr(at, piece_bytes));
    if (!taken.ok()) return taken;
  }
  const absl::Status ended = stream->Finish();
  if (!ended.ok()) return ended;
  return documents;
}

constexpr char kJson[] = R"(
{"schema":"olm.package","name":"op","defaultChannel":"stable","icon":{
  "base64data":"AAAA","mediatype":"image/png"}}
{"entries":[{"name":"op.v2","replaces":"op.v1","skips":["op.v1-bad"],
             "skipRange":">=1 <2"},{"name":"op.v1"}],
 "name":"stable","package":"op","schema":"olm.channel"}{
 "schema":"olm.bundle","name":"op.v2","package":"op","image":"quay.io/op:2",
 "properties":[
   {"type":"olm.gvk","value":{"group":"g","version":"v1alpha1"}},
   {"value":{"packageName":"op","version":"2.0.0"},"type":"olm.package"}],
 "relatedImages":[{"name":"a","image":"quay.io/a:1"},{"image":"quay.io/b:1"},
                  {"name":"none","image":""}]})";

constexpr char kYaml[] = R"(# A catalogue
---
schema: olm.package
name: op
defaultChannel: stable
icon:
  base64data: AAAA
---
entries:
- name: op.v2
  replaces: op.v1
  skips: [op.v1-bad]
  skipRange: '>=1 <2'
- name: op.v1
name: stable
package: op
schema: olm.channel
--- # the bundle
schema: "olm.bundle"
name: op.v2
package: 'op'
image: quay.io/op:2
properties:
- type: olm.gvk
  value: {group: g, version: v1alpha1}
- value:
    packageName: op
    version: 2.0.0
  type: olm.package
relatedImages:
- name: a
  image: quay.io/a:1
- image: quay.io/b:1
- name: none
  image: ""
...
)";

class CatalogKindsTest
    : public ::testing::TestWithParam<std::pair<const char*, size_t>> {};

TEST_P(CatalogKindsTest, ReadsPackagesChannelsAndBundles) {
  const auto documents = Read(GetParam().first, GetParam().second);

  ASSERT_THAT(documents, IsOk());
  ASSERT_THAT(*documents, SizeIs(3));
  const CatalogDocument& package = (*documents)[0];
  EXPECT_EQ(package.schema, "olm.package");
  EXPECT_EQ(package.name, "op");
  EXPECT_EQ(package.default_channel, "stable");
  const CatalogDocument& channel = (*documents)[1];
  EXPECT_EQ(channel.schema, "olm.channel");
  EXPECT_EQ(channel.package, "op");
  ASSERT_THAT(channel.entries, SizeIs(2));
  EXPECT_EQ(channel.entries[0].name, "op.v2");
  EXPECT_EQ(channel.entries[0].replaces, "op.v1");
  EXPECT_THAT(channel.entries[0].skips, ElementsAre("op.v1-bad"));
  EXPECT_EQ(channel.entries[1].replaces, "");
  const CatalogDocument& bundle = (*documents)[2];
  EXPECT_EQ(bundle.image, "quay.io/op:2");
  EXPECT_EQ(bundle.version, "2.0.0");
  EXPECT_THAT(bundle.related_images,
              ElementsAre("quay.io/a:1", "quay.io/b:1", ""));
}

INSTANTIATE_TEST_SUITE_P(Table, CatalogKindsTest,
                         ::testing::Values(std::pair{kJson, size_t{1}},
                                           std::pair{kJson, size_t{7}},
                                           std::pair{kJson, size_t{100'000}},
                                           std::pair{kYaml, size_t{1}},
                                           std::pair{kYaml, size_t{7}},
                                           std::pair{kYaml, size_t{100'000}}));

TEST(CatalogStreamTest, AnEmptyFileHasNoDocuments) {
  for (const char* text : {"", " \n", "\xEF\xBB\xBF", "---\n", "# nothing\n",
                           "---\n# nothing\n---\n...\n"}) {
    const auto documents = Read(text, 3);
    ASSERT_THAT(documents, IsOk()) << text;
    EXPECT_THAT(*documents, IsEmpty()) << text;
  }
}

TEST(CatalogStreamTest, AByteOrderMarkIsSkipped) {
  const auto documents = Read("\xEF\xBB\xBF{\"schema\":\"x\"}", 100);

  ASSERT_THAT(documents, IsOk());
  EXPECT_THAT(*documents, ElementsAre(Field(&CatalogDocument::schema, "x")));
}

TEST(CatalogStreamTest, TheBeginningMayComeInPieces) {
  EXPECT_THAT(Read("\xEF\xBB\xBF{\"schema\":\"x\"}", 1),
              IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(Read("\n  schema: x\n  name: y\n", 1), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(Read(std::string(5000, ' '), 1),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("too many blanks")));
}

TEST(CatalogStreamTest, YamlOfOtherPackagesIsNotParsed) {
  const auto documents = Read(
      "schema: olm.bundle\npackage: other\nimage: [broken\n"
      "---\nschema: olm.bundle\npackage: op\nname: it\n",
      10);

  ASSERT_THAT(documents, IsOk());
  EXPECT_THAT(*documents, ElementsAre(Field(&CatalogDocument::name, "it")));
}

TEST(CatalogStreamTest, APackageInsideOfATextIsNoPackage) {
  const auto documents = Read(
      "schema: olm.bundle\nname: it\npackage: op\ndescription: |\n"
      "  package: other\n",
      10);

  ASSERT_THAT(documents, IsOk());
  EXPECT_THAT(*documents, SizeIs(1));
}

TEST(CatalogStreamTest, MistakesAreNamedByTheirDocument) {
  EXPECT_THAT(Read(R"({"schema":"x"} {"schema":)", 5),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("document 2: unexpected end of file")));
  EXPECT_THAT(Read(R"({"schema":"x"} {"name":"y"})", 5),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("document 2: schema is missing")));
  EXPECT_THAT(Read(R"({"schema":"x"} nonsense)", 5),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("document 2: invalid JSON")));
  EXPECT_THAT(Read("schema: x\n---\na: [\n", 5),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("document 2: invalid YAML")));
  EXPECT_THAT(Read("# Read me\n\nAll about it.\n", 5),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("document 1: schema is missing")));
}

TEST(CatalogStreamTest, AnAliasOfYamlIsRefusedWhereItMatters) {
  EXPECT_THAT(Read("schema: x\nproperties:\n- type: y\n  value:\n    a:\n"
                   "    - &b c\n    - *b\n",
                   1000),
              IsOk());
  for (const char* text :
       {"schema: x\nname: &a n\nimage: *a\n",
        "schema: &a x\nrelatedImages:\n- image: *a\n",
        "schema: &a x\nentries:\n- name: b\n  skips:\n  - *a\n",
        "schema: x\nname: &a {name: y}\n<<: *a\n"}) {
    EXPECT_THAT(Read(text, 1000), StatusIs(absl::StatusCode::kUnimplemented,
                                           HasSubstr("document 1: line ")))
        << text;
  }
}

TEST(CatalogStreamTest, RelatedImagesWithoutANameAreKnownToBeThere) {
  const auto documents =
      Read(R"({"schema":"x","relatedImages":["a",{"name":"b"},{"image":null},)"
           R"({"image":"c","name":"d"}]})",
           5);

  ASSERT_THAT(documents, IsOk());
  EXPECT_THAT((*documents)[0].related_images, ElementsAre("", "", "", "c"));
}

TEST(CatalogStreamTest, DepthIsNoTrap) {
  std::string json = R"({"schema":"x","deep":)";
  EXPECT_THAT(Read(json + std::string(100'000, '['), 1000),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Read("schema: x\ndeep: " + std::string(9'000, '['), 1000),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("yaml")));
  EXPECT_THAT(Read("schema: x\ndeep: " + std::string(100'000, '['), 1000),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("too many open brackets")));
}

TEST(CatalogStreamTest, ADocumentOfTooManyNamesIsRefused) {
  std::string json = R"({"schema":"olm.channel","entries":[{})";
  for (int i = 0; i < 1'000'000; ++i) json += ",{}";
  json += "]}";

  EXPECT_THAT(Read(json, 1 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("more than 17MB of names")));
}

TEST(CatalogStreamTest, WhatTheTakerSaysEndsTheReading) {
  const auto stream = MakeCatalogStream(
      [](const CatalogDocument&) { return absl::CancelledError("enough"); },
      [](absl::string_view) { return true; });

  EXPECT_THAT(stream->Append(R"({"schema":"x"})"),
              StatusIs(absl::StatusCode::kCancelled, "enough"));
}

}  // namespace
}  // namespace prepull
