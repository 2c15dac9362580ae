#include "src/controller/node_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/deploy/list_text.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string& SomeDigest() {
  static const std::string* const digest =
      new std::string("sha256:" + std::string(64, 'a'));
  return *digest;
}

struct OverrideRow {
  std::string image;
  std::vector<PartOverride> parts;
  std::string result;  // normalised; "" = refused
};

std::string AfterOverride(const OverrideRow& row) {
  const absl::StatusOr<Reference> result =
      Overridden(*Reference::Parse(row.image), row.parts);
  return result.ok() ? result->Normalised() : "";
}

TEST(OverriddenTest, ChangesTheRegistry) {
  for (const OverrideRow& row : std::vector<OverrideRow>{
           {"quay.io/team/app:1",
            {{"Registry", "replace", "mirror.example:5000"}},
            "mirror.example:5000/team/app:1"},
           {"[::1]:5000/team/app:1",
            {{"Registry", "replace", "[fd00::7]:5000"}},
            "[fd00::7]:5000/team/app:1"},
           {"busybox",
            {{"Registry", "replace", "mirror.example"}},
            "mirror.example/library/busybox:latest"},
           {"quay.io/team/app:1",
            {{"Registry", "add", ":8443"}},
            "quay.io:8443/team/app:1"},
           {"quay.io/team/app:1",
            {{"Registry", "replace", "mirror.example/quay.io"}},
            "mirror.example/quay.io/team/app:1"},
           {"quay.io/team/app:1",
            {{"Registry", "remove", ""}},
            "docker.io/team/app:1"},
           // The path must not become a registry.
           {"quay.io:5000/evil.example/app:1",
            {{"Registry", "remove", ""}},
            "docker.io/evil.example/app:1"},
           {"quay.io/team/app:1", {{"Registry", "replace", "no registry"}}, ""},
           {"quay.io/team/app:1", {{"Registry", "add", "/"}}, ""},
       }) {
    EXPECT_EQ(AfterOverride(row), row.result) << row.image;
  }
}

TEST(OverriddenTest, ChangesTheRepository) {
  for (const OverrideRow& row : std::vector<OverrideRow>{
           {"quay.io:443/team/app:1",
            {{"Repository", "replace", "mirror/other"}},
            "quay.io:443/mirror/other:1"},
           {"quay.io/team/app@" + SomeDigest(),
            {{"Repository", "add", "-arm"}},
            "quay.io/team/app-arm@" + SomeDigest()},
           {"quay.io/team/app:1", {{"Repository", "remove", ""}}, ""},
           {"quay.io/team/app:1", {{"Repository", "replace", "Team"}}, ""},
           {"quay.io/team/app:1", {{"Repository", "replace", "a:2"}}, ""},
       }) {
    EXPECT_EQ(AfterOverride(row), row.result) << row.image;
  }
}

TEST(OverriddenTest, ChangesTheTagOrTheDigest) {
  for (const OverrideRow& row : std::vector<OverrideRow>{
           {"quay.io/a:1", {{"Tag", "replace", "2"}}, "quay.io/a:2"},
           {"quay.io/a", {{"Tag", "replace", ":2"}}, "quay.io/a:2"},
           {"quay.io/a:1", {{"Tag", "add", "-debug"}}, "quay.io/a:1-debug"},
           {"quay.io/a", {{"Tag", "add", "2"}}, "quay.io/a:2"},
           {"quay.io/a:1", {{"Tag", "remove", ""}}, "quay.io/a:latest"},
           {"quay.io/a@" + SomeDigest(),
            {{"Tag", "replace", "2"}},
            "quay.io/a:2"},
           {"quay.io/a:1@" + SomeDigest(),
            {{"Tag", "remove", ""}},
            "quay.io/a:latest"},
           {"quay.io/a:1",
            {{"Tag", "replace", SomeDigest()}},
            "quay.io/a@" + SomeDigest()},
           {"[::1]:5000/a:1", {{"Tag", "replace", "2"}}, "[::1]:5000/a:2"},
           {"quay.io/a@" + SomeDigest(), {{"Tag", "add", "-debug"}}, ""},
           {"quay.io/a:1", {{"Tag", "replace", "a b"}}, ""},
           {"quay.io/a:1", {{"Tag", "replace", "sha256:1"}}, ""},
       }) {
    EXPECT_EQ(AfterOverride(row), row.result) << row.image;
  }
}

TEST(OverriddenTest, TakesTheChangesInTheirOrder) {
  EXPECT_EQ(AfterOverride({"quay.io/team/app:1",
                           {{"Registry", "replace", "mirror.example"},
                            {"Registry", "add", ":5000"},
                            {"Repository", "replace", "proxy"},
                            {"Repository", "add", "/app"},
                            {"Tag", "remove", ""},
                            {"Tag", "add", "2"}},
                           ""}),
            "mirror.example:5000/proxy/app:2");
}

TEST(OverriddenTest, QuotesTheResultThatIsNoName) {
  EXPECT_THAT(Overridden(*Reference::Parse("quay.io/a:1"),
                         {{"Repository", "replace", "A"}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("\"quay.io/A:1\": ")));
}

PrepullSpec Naming(const std::vector<std::string>& images) {
  return {.images = images};
}

TEST(NamedImagesTest, AreTheLinesOfAList) {
  const auto requests = NamedImages(
      Naming({"quay.io/a:1 secret=team pin=true", "# nothing", "busybox"}));

  ASSERT_THAT(requests, IsOk());
  ASSERT_EQ(requests->size(), 2);
  EXPECT_EQ((*requests)[0].options.secret, "team");
  EXPECT_TRUE((*requests)[0].options.pin);
  EXPECT_EQ((*requests)[1].origin, "spec.images[2]");
}

TEST(NamedImagesTest, RefusesHostileLines) {
  struct Row {
    std::string line;
    std::string message;
  };
  for (const Row& row : std::vector<Row>{
           {"a\nquay.io/b", "spec.images[1]: more than one line"},
           {"a\rb", "spec.images[1]: more than one line"},
           {"a\n---\nkind: Pod", "spec.images[1]: more than one line"},
           {"{image: x}", "spec.images[1]: "},
           {"\"quay.io/a\"", "spec.images[1]: "},
           {"quay.io/a secret=../../etc", "spec.images[1]: "},
           {"quay.io/a --pin", "spec.images[1]: "},
           {"quay.io/a policy=Never", "spec.images[1]: "},
           {std::string("a\0b", 3), "spec.images[1]: "},
           {std::string(1 << 20, 'a'), "spec.images[1]: "},
       }) {
    const auto requests = NamedImages(Naming({"busybox", row.line}));
    ASSERT_THAT(requests,
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(StartsWith(row.message), Not(HasSubstr("\n")))));
    EXPECT_LT(requests.status().message().size(), 1000) << row.message;
  }
}

TEST(NamedImagesTest, GetWhatTheSpecSaysForAllImages) {
  const PrepullSpec spec = {.images = {"a", "b policy=IfNotPresent pin=true"},
                            .pull_policy = PullPolicy::kAlways,
                            .pin = false};
  std::vector<ImageRequest> requests = *NamedImages(spec);

  TakeOptions(spec, requests);

  EXPECT_EQ(requests[0].options.policy, PullPolicy::kAlways);
  EXPECT_EQ(requests[1].options.policy, PullPolicy::kIfNotPresent);
  EXPECT_TRUE(requests[1].options.pin);
}

NodeOverride InRegion(const std::string& region,
                      std::vector<PartOverride> images,
                      std::vector<PartOverride> secrets = {}) {
  return {.nodes = {.labels = {{"region", region}}},
          .images = std::move(images),
          .secrets = std::move(secrets)};
}

constexpr char kTwoImages[] =
    "quay.io/team/app:1.2\nquay.io/team/db:9 secret=db-team\n";

TEST(GroupsOfTest, OfNoOverridesIsOneGroup) {
  const auto groups =
      GroupsOf({.image_secrets = {"team"}}, kTwoImages, {"team", "db-team"});

  ASSERT_THAT(groups, IsOk());
  ASSERT_EQ(groups->size(), 1);
  const NodeGroup& all = groups->front();
  EXPECT_EQ(all.id, "");
  EXPECT_EQ(all.text, kTwoImages);
  EXPECT_EQ(all.list_hash.size(), 16);
  EXPECT_THAT(all.images,
              ElementsAre("quay.io/team/app:1.2", "quay.io/team/db:9"));
  EXPECT_THAT(all.secrets, ElementsAre("team"));
  EXPECT_THAT(all.line_secrets, ElementsAre("db-team"));
}

TEST(GroupsOfTest, HasAGroupForEachOverrideAndTheOthersLast) {
  const PrepullSpec spec = {
      .image_secrets = {"team"},
      .overrides = {InRegion("east", {{"Registry", "replace", "east.example"}},
                             {{"SecretName", "replace", "east"}}),
                    InRegion("west", {{"Registry", "replace", "west.example"}},
                             {{"SecretName", "add", "west"}})}};

  const auto groups =
      GroupsOf(spec, kTwoImages, {"team", "db-team", "east", "west"});

  ASSERT_THAT(groups, IsOk());
  ASSERT_EQ(groups->size(), 3);
  EXPECT_EQ((*groups)[0].text,
            "east.example/team/app:1.2\n"
            "east.example/team/db:9 secret=db-team\n");
  EXPECT_THAT((*groups)[0].secrets, ElementsAre("east"));
  EXPECT_EQ((*groups)[0].id.size(), 8);
  EXPECT_THAT((*groups)[1].secrets, ElementsAre("team", "west"));
  EXPECT_EQ((*groups)[2].text, kTwoImages);
  EXPECT_NE((*groups)[0].list_hash, (*groups)[1].list_hash);
  EXPECT_EQ(GroupOfNode(spec, {{"region", "west"}}), 1);
  EXPECT_EQ(GroupOfNode(spec, {{"region", "north"}}), 2);
  EXPECT_EQ(GroupOfNode(spec, {}), 2);
}

TEST(GroupsOfTest, TheFirstOverrideThatFitsCounts) {
  const PrepullSpec spec = {
      .overrides = {InRegion("east", {}), NodeOverride{}}};

  EXPECT_EQ(GroupOfNode(spec, {{"region", "east"}}), 0);
  EXPECT_EQ(GroupOfNode(spec, {{"region", "west"}}), 1);
}

TEST(GroupsOfTest, ImagesThatBecomeTheSameAreOne) {
  const auto groups =
      GroupsOf({.overrides = {InRegion("east", {{"Tag", "replace", "1"}})}},
               "quay.io/a:1\nquay.io/a:2\nquay.io/b:1\n", {});

  ASSERT_THAT(groups, IsOk());
  EXPECT_THAT((*groups)[0].images, ElementsAre("quay.io/a:1", "quay.io/b:1"));
}

TEST(GroupsOfTest, ChangesSecretsInOrder) {
  struct Row {
    std::vector<PartOverride> changes;
    std::vector<std::string> secrets;
  };
  for (const Row& row : std::vector<Row>{
           {{}, {"a", "b"}},
           {{{"SecretName", "replace", "c"}}, {"c"}},
           {{{"SecretName", "add", "c"}}, {"a", "b", "c"}},
           {{{"SecretName", "add", "a"}}, {"a", "b"}},
           {{{"SecretName", "remove", "a"}}, {"b"}},
           {{{"SecretName", "remove", "x"}}, {"a", "b"}},
           {{{"SecretName", "remove", ""}}, {}},
           {{{"SecretName", "remove", ""}, {"SecretName", "add", "c"}}, {"c"}},
       }) {
    const auto groups =
        GroupsOf({.image_secrets = {"a", "b"},
                  .overrides = {InRegion("east", {}, row.changes)}},
                 "quay.io/a:1\n", {"a", "b", "c"});
    ASSERT_THAT(groups, IsOk());
    EXPECT_EQ((*groups)[0].secrets, row.secrets);
  }
}

TEST(GroupsOfTest, RefusesASecretThatIsNotAllowed) {
  const auto refused = [](const PrepullSpec& spec) {
    return std::string(
        GroupsOf(spec, kTwoImages, {"db-team"}).status().message());
  };

  EXPECT_EQ(refused({.image_secrets = {"admin"}}),
            "Secret \"admin\": not among those that the controller allows "
            "(--allowed-image-secrets)");
  EXPECT_THAT(refused({.overrides = {InRegion(
                           "east", {}, {{"SecretName", "add", "admin"}})}}),
              StartsWith("spec.overrides[0]: Secret \"admin\""));
  EXPECT_THAT(GroupsOf({}, kTwoImages, {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("Secret \"db-team\"")));
}

TEST(GroupsOfTest, SaysWhichOverrideMakesNoName) {
  EXPECT_THAT(
      GroupsOf({.overrides = {InRegion("east", {{"Tag", "replace", "!"}})}},
               "quay.io/a:1\n", {}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               StartsWith("spec.overrides[0]: quay.io/a:1: \"quay.io/a:!\"")));
}

TEST(GroupsOfTest, SaysThatAListIsTooLarge) {
  std::string text;
  for (int i = 0; text.size() <= kMaxList; ++i) {
    absl::StrAppend(&text, "quay.io/team/", std::string(200, 'a'), i, ":1\n");
  }

  EXPECT_THAT(
      GroupsOf({}, text, {}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ConfigMap")));
}

}  // namespace
}  // namespace prepull
