#include "src/controller/prepull_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

absl::StatusOr<PrepullSpec> SpecFrom(const std::string& json) {
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(json);
  EXPECT_THAT(document, IsOk()) << json;
  return ParsePrepullSpec(document->root());
}

std::string InputsOf(const std::string& json) {
  return SpecFrom(json)->inputs_hash;
}

TEST(PrepullSpecTest, HasTheDefaultsOfTheContract) {
  const absl::StatusOr<PrepullSpec> spec =
      SpecFrom(R"({"images":["quay.io/team/app:1.2"]})");

  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(spec->images, ElementsAre("quay.io/team/app:1.2"));
  EXPECT_EQ(spec->task, NodeTask::kFetch);
  EXPECT_EQ(spec->concurrency.Of(5000), 10);
  EXPECT_EQ(spec->failure_tolerate, 0.1);
  EXPECT_EQ(spec->timeout, absl::Minutes(30));
  EXPECT_EQ(spec->retry_times, 2);
  EXPECT_EQ(spec->refresh_interval, absl::ZeroDuration());
  EXPECT_TRUE(spec->includes_cordoned);
  EXPECT_FALSE(spec->nodes.has_value());
  EXPECT_FALSE(spec->kept_for.has_value());
  EXPECT_FALSE(spec->is_suspended);
  EXPECT_FALSE(spec->pin);
  EXPECT_EQ(spec->pull_policy, PullPolicy::kIfNotPresent);
}

TEST(PrepullSpecTest, ReadsHowNodesAreChosenAndPaced) {
  const absl::StatusOr<PrepullSpec> spec = SpecFrom(R"({
      "images": ["a"], "mode": "Check", "includeCordoned": false,
      "labelSelector": {
        "matchLabels": {"pool": "gpu"},
        "matchExpressions": [
          {"key": "zone", "operator": "In", "values": ["a", "b"]}]},
      "concurrency": "10%", "waves": ["1", "10%", "100%"],
      "failureTolerate": "0.25", "timeoutSeconds": 600, "retryTimes": 0,
      "suspend": true, "ttlSecondsAfterFinished": 0})");

  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->task, NodeTask::kCheck);
  EXPECT_FALSE(spec->includes_cordoned);
  ASSERT_TRUE(spec->nodes.has_value());
  EXPECT_EQ(spec->nodes->labels.at(0).value, "gpu");
  EXPECT_THAT(spec->nodes->expressions.at(0).values, ElementsAre("a", "b"));
  EXPECT_EQ(spec->concurrency.Of(95), 10);
  EXPECT_EQ(spec->waves.at(1).Of(50), 5);
  EXPECT_EQ(spec->failure_tolerate, 0.25);
  EXPECT_EQ(spec->timeout, absl::Minutes(10));
  EXPECT_EQ(spec->retry_times, 0);
  EXPECT_TRUE(spec->is_suspended);
  EXPECT_EQ(spec->kept_for, absl::ZeroDuration());
}

TEST(PrepullSpecTest, ReadsWhatTheListIsMadeOf) {
  const absl::StatusOr<PrepullSpec> spec = SpecFrom(R"({
      "sources": [
        {"select": "team/app rubin releases=1"},
        {"release": "quay.io/ocp@sha256:0", "exclude": ["^aws"]},
        {"catalog": {"image": "quay.io/cat:1", "packages": ["ptp:stable"],
                     "versions": "head"}},
        {"precacheSpec": "spec"}],
      "refreshInterval": "1h", "imagePullPolicy": "Always", "pin": true,
      "imageSecrets": ["team-a"], "checkItems": ["disk", "mem"],
      "spaceRequired": "35GiB", "priorityClassName": "high"})");

  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->sources.size(), 4);
  EXPECT_EQ(spec->sources[0].select, "team/app rubin releases=1");
  EXPECT_THAT(spec->sources[1].excludes, ElementsAre("^aws"));
  EXPECT_THAT(spec->sources[2].packages, ElementsAre("ptp:stable"));
  EXPECT_EQ(spec->sources[3].precache_spec, "spec");
  EXPECT_EQ(spec->refresh_interval, absl::Hours(1));
  EXPECT_EQ(spec->pull_policy, PullPolicy::kAlways);
  EXPECT_TRUE(spec->pin);
  EXPECT_THAT(spec->image_secrets, ElementsAre("team-a"));
  EXPECT_THAT(spec->check_items, ElementsAre("disk", "mem"));
  EXPECT_EQ(spec->space_required, "35GiB");
  EXPECT_EQ(spec->priority_class, "high");
}

TEST(PrepullSpecTest, ReadsOverrides) {
  const absl::StatusOr<PrepullSpec> spec = SpecFrom(R"({
      "images": ["a"], "overrides": [{
        "labelSelector": {"matchLabels": {"region": "hangzhou"}},
        "images": [{"component": "Registry", "operator": "replace",
                    "value": "hangzhou.registry.io"},
                   {"component": "Tag", "operator": "remove"}],
        "secrets": [{"component": "SecretName", "operator": "add",
                     "value": "hangzhou"}]}]})");

  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->overrides.size(), 1);
  EXPECT_EQ(spec->overrides[0].nodes.labels.at(0).key, "region");
  EXPECT_EQ(spec->overrides[0].images.at(0).component, "Registry");
  EXPECT_EQ(spec->overrides[0].images.at(1).op, "remove");
  EXPECT_EQ(spec->overrides[0].secrets.at(0).value, "hangzhou");
}

struct RefusedSpec {
  std::string fields;  // beside the images
  std::string message;
};

TEST(PrepullSpecTest, NamesTheFieldThatIsWrong) {
  for (const RefusedSpec& row : std::vector<RefusedSpec>{
           {R"("mode":"Keep")", R"(spec.mode: unknown word "Keep")"},
           {R"("mode":7)", "spec.mode: expected a text"},
           {R"("concurrency":0)", "spec.concurrency: expected a number"},
           {R"("concurrency":"0%")", "spec.concurrency: expected a number"},
           {R"("concurrency":"101%")", "spec.concurrency: expected a number"},
           {R"("concurrency":[])", "spec.concurrency: expected a number"},
           {R"("waves":["1","x"])", "spec.waves[1]: expected a number"},
           {R"("waves":"1")", "spec.waves: expected a list"},
           {R"("failureTolerate":"1.1")", "spec.failureTolerate: expected"},
           {R"("failureTolerate":"nan")", "spec.failureTolerate: expected"},
           {R"("failureTolerate":0.1)", "spec.failureTolerate: expected"},
           {R"("timeoutSeconds":0)", "spec.timeoutSeconds: expected a number"},
           {R"("timeoutSeconds":1e99)", "spec.timeoutSeconds: expected"},
           {R"("retryTimes":-1)", "spec.retryTimes: expected a number"},
           {R"("refreshInterval":"59s")", "spec.refreshInterval: expected 0"},
           {R"("refreshInterval":"-1h")", "spec.refreshInterval: "},
           {R"("suspend":"yes")", "spec.suspend: expected true or false"},
           {R"("imageSecrets":[1])", "spec.imageSecrets: expected texts"},
           {R"("checkItems":["gpu"])", "spec.checkItems: unknown word \"gpu\""},
           {R"("spaceRequired":"much")", "spec.spaceRequired: invalid size"},
           {R"("labelSelector":"pool=gpu")",
            "spec.labelSelector: expected an object"},
           {R"("labelSelector":{"matchLabels":["pool"]})",
            "spec.labelSelector.matchLabels: expected texts by their keys"},
           {R"("labelSelector":{"matchLabels":{"pool":1}})",
            "spec.labelSelector.matchLabels: expected texts by their keys"},
           {R"("labelSelector":{"matchExpressions":[{"key":1}]})",
            "spec.labelSelector.matchExpressions[0].key: expected a text"},
           {R"("sources":[{}])", "spec.sources[0].select: expected one of"},
           {R"("sources":["x"])", "spec.sources[0].select: expected one of"},
           {R"("sources":[{"select":"a b","release":"c"}])",
            "spec.sources[0].select: expected one of"},
           {R"("sources":[{"catalog":{"image":1}}])",
            "spec.sources[0].catalog.image: expected a text"},
           {R"("overrides":[{}])",
            "spec.overrides[0].labelSelector: expected an object"},
           {R"("overrides":[{"labelSelector":{},
                "images":[{"component":"Host","operator":"add"}]}])",
            R"(spec.overrides[0].images[0].component: unknown word "Host")"},
           {R"("overrides":[{"labelSelector":{},
                "images":[{"component":"Tag","operator":"add"}]}])",
            "spec.overrides[0].images[0].value: missing"},
           {R"("overrides":[{"labelSelector":{},
                "secrets":[{"component":"SecretName","operator":"mv"}]}])",
            R"(spec.overrides[0].secrets[0].operator: unknown word "mv")"},
       }) {
    EXPECT_THAT(
        SpecFrom(R"({"images":["a"],)" + row.fields + "}"),
        StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(row.message)))
        << row.fields;
  }
}

TEST(PrepullSpecTest, RefusesASpecThatAsksForNothing) {
  for (const char* json :
       {"{}", "null", "7", R"({"images":[]})", R"({"images":null})"}) {
    EXPECT_THAT(SpecFrom(json), StatusIs(absl::StatusCode::kInvalidArgument,
                                         "spec.images: there are neither "
                                         "images nor sources"))
        << json;
  }
}

TEST(PrepullSpecTest, QuotesHostileWordsInOneShortLine) {
  const absl::StatusOr<PrepullSpec> spec =
      SpecFrom(R"({"images":["a"],"mode":"\n\u001b[31m)" +
               std::string(1 << 20, 'x') + "\"}");

  ASSERT_THAT(spec, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_LT(spec.status().message().size(), 200);
  EXPECT_THAT(std::string(spec.status().message()), Not(HasSubstr("\n")));
}

TEST(PrepullSpecTest, AShareIsANumberOrAPercentage) {
  struct Row {
    std::string json;
    int64_t of_95;  // 0 = refused
  };
  for (const Row& row : std::vector<Row>{{"1", 1},
                                         {"\"7\"", 7},
                                         {"\"1%\"", 1},
                                         {"\"10%\"", 10},
                                         {"\"100%\"", 95},
                                         {"100000", 100'000},
                                         {"100001", 0},
                                         {"\"%\"", 0},
                                         {"\"\"", 0},
                                         {"\"-1\"", 0},
                                         {"1.5", 0},
                                         {"true", 0},
                                         {"{}", 0}}) {
    const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(row.json);
    const std::optional<Share> share = ParseShare(document->root());
    EXPECT_EQ(share ? share->Of(95) : 0, row.of_95) << row.json;
  }
}

TEST(PrepullSpecTest, AShareOfSomethingIsNeverNothing) {
  const Share one_percent = {.number = 1, .is_percent = true};

  EXPECT_EQ(one_percent.Of(1), 1);
  EXPECT_EQ(one_percent.Of(100), 1);
  EXPECT_EQ(one_percent.Of(101), 2);
}

// What a list is made of, and nothing else, makes another list of it.
TEST(PrepullSpecTest, HashesWhatTheListIsMadeOf) {
  const std::string hash = InputsOf(R"({"images":["a","b"]})");

  EXPECT_EQ(InputsOf(R"({"images":["a","b"],"concurrency":3,"suspend":true,
                         "retryTimes":0})"),
            hash);
  EXPECT_NE(InputsOf(R"({"images":["b","a"]})"), hash);
  EXPECT_NE(InputsOf(R"({"images":["a\",\"b"]})"), hash);
  EXPECT_NE(InputsOf(R"({"images":["a","b"],"pin":true})"), hash);
  EXPECT_NE(InputsOf(R"({"images":["a","b"],"imagePullPolicy":"Always"})"),
            hash);
  EXPECT_NE(InputsOf(R"({"images":["a"],"sources":[{"select":"b"}]})"),
            InputsOf(R"({"images":["a"],"sources":[{"release":"b"}]})"));
}

}  // namespace
}  // namespace prepull
