#include "prepull/convert/kubeedge.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The released form, with `more` in its template.
std::string JobText(const std::string& more = "",
                    const std::string& version = "v1alpha2") {
  return absl::StrCat("apiVersion: operations.kubeedge.io/", version,
                      "\nkind: ImagePrePullJob\n"
                      "metadata: {name: nightly}\n"
                      "spec:\n"
                      "  imagePrePullTemplate:\n"
                      "    images: [busybox, 'quay.io/a:1']\n"
                      "    timeoutSeconds: 600\n",
                      more);
}

constexpr char kNames[] = "    nodeNames: [edge1, edge2]\n";

ConvertedJob Convert(const std::string& text) {
  const auto jobs = ConvertKubeEdge(text);
  EXPECT_THAT(jobs, IsOk());
  return jobs.ok() && !jobs->empty() ? jobs->front() : ConvertedJob();
}

TEST(KubeEdgeTest, AReleasedJobIsAPrepull) {
  const ConvertedJob job =
      Convert(JobText(absl::StrCat(kNames,
                                   "    checkItems: [disk, cpu]\n"
                                   "    failureTolerate: '0.3'\n"
                                   "    concurrency: 2\n"
                                   "    retryTimes: 1\n")));

  EXPECT_THAT(job.warnings, IsEmpty());
  EXPECT_EQ(RenderPrepull(job.prepull),
            "apiVersion: prepull.dev/v1alpha1\n"
            "kind: Prepull\n"
            "metadata:\n"
            "  name: nightly\n"
            "  namespace: \"\"\n"
            "spec:\n"
            "  images:\n"
            "  - busybox\n"
            "  - quay.io/a:1\n"
            "  nodeNames:\n"
            "  - edge1\n"
            "  - edge2\n"
            "  concurrency: 2\n"
            "  failureTolerate: \"0.3\"\n"
            "  timeoutSeconds: 600\n"
            "  retryTimes: 1\n"
            "  checkItems:\n"
            "  - disk\n"
            "  - cpu\n");
}

TEST(KubeEdgeTest, BothReleasedVersionsAreRead) {
  EXPECT_THAT(ConvertKubeEdge(JobText(kNames, "v1alpha1")), IsOk());
  EXPECT_THAT(ConvertKubeEdge(JobText(kNames, "v1")),
              StatusIs(StatusCode::kInvalidArgument,
                       "1: apiVersion: expected operations.kubeedge.io/"
                       "v1alpha1 or v1alpha2"));
}

TEST(KubeEdgeTest, KeepsToEdgeNodesAsKubeEdgeDoes) {
  const ConvertedJob job =
      Convert(JobText("    labelSelector:\n"
                      "      matchLabels: {disk: ssd}\n"
                      "      matchExpressions:\n"
                      "      - {key: zone, operator: In, values: [a, b]}\n"));

  ASSERT_TRUE(job.prepull.nodes.has_value());
  EXPECT_EQ(job.prepull.nodes->labels[0].value, "ssd");
  ASSERT_THAT(job.prepull.nodes->expressions, SizeIs(2));
  EXPECT_EQ(job.prepull.nodes->expressions[1].key,
            "node-role.kubernetes.io/edge");
  EXPECT_EQ(job.prepull.nodes->expressions[1].op, "Exists");
  const ConvertedJob edge =
      Convert(JobText("    labelSelector: {matchLabels: "
                      "{node-role.kubernetes.io/edge: ''}}\n"));
  EXPECT_THAT(edge.prepull.nodes->expressions, IsEmpty());
}

TEST(KubeEdgeTest, KeepsKubeEdgesDefaultsWhereTheyDiffer) {
  const ConvertedJob job = Convert(absl::StrReplaceAll(
      JobText(kNames), {{"    timeoutSeconds: 600\n", ""}}));

  EXPECT_EQ(job.prepull.concurrency, 1);
  EXPECT_FALSE(job.prepull.timeout_seconds.has_value());
  EXPECT_THAT(job.warnings,
              ElementsAre(StartsWith("spec.imagePrePullTemplate."
                                     "timeoutSeconds: not set: ")));
  EXPECT_EQ(Convert(JobText(absl::StrCat(kNames, "    concurrency: 0\n")))
                .prepull.concurrency,
            1);
}

TEST(KubeEdgeTest, AProposedJobNamesItsImagesByParts) {
  const ConvertedJob job = Convert(
      "apiVersion: operations.kubeedge.io/v1alpha1\n"
      "kind: ImagePrePullJob\n"
      "metadata:\n"
      "  name: ImagePrepullExample\n"
      "  labels: {description: x, 'bad key!': y}\n"
      "spec:\n"
      "  imagePrePullTemplate:\n"
      "    images:\n"
      "    - {name: image1, registry: harbor.example, respo: jili,\n"
      "       tag: 'example:v1.0.0', imageSecret: default/secret}\n"
      "    - {name: app, registry: 'r.example:5000', tag: v2}\n"
      "    - {name: db, respo: team, tag: '@sha256:" +
      std::string(64, 'a') +
      "'}\n"
      "    nodes: [node1]\n"
      "    timeoutSeconds: 300\n"
      "  imagePrePullOverriders:\n"
      "  - imagePrePullOverrider:\n"
      "      nodeLabel: region=hangzhou\n"
      "      overriders:\n"
      "        imageOverriders:\n"
      "        - {component: Registry, operator: replace, value: h.example}\n"
      "        - {component: Tag, operator: remove}\n"
      "        secretOverriders:\n"
      "        - {component: SecretName, operator: replace, value: h-secret}\n"
      "        - {component: Namespace, operator: replace, value: x}\n");

  EXPECT_EQ(job.prepull.name, "imageprepullexample");
  EXPECT_THAT(job.prepull.images,
              ElementsAre("harbor.example/jili/example:v1.0.0 secret=secret",
                          "r.example:5000/app:v2",
                          "team/db@sha256:" + std::string(64, 'a')));
  ASSERT_THAT(job.prepull.overrides, SizeIs(1));
  EXPECT_EQ(job.prepull.overrides[0].nodes.labels[0].key, "region");
  EXPECT_THAT(job.prepull.overrides[0].images, SizeIs(2));
  EXPECT_EQ(job.prepull.overrides[0].secrets[0].value, "h-secret");
  EXPECT_THAT(
      job.warnings,
      ElementsAre(
          "metadata.name: the Prepull is called imageprepullexample",
          "metadata.labels.bad key!: no label of Kubernetes: left out",
          "spec.imagePrePullTemplate.images[0].name: the tag names the image: "
          "left out",
          HasSubstr("images[0].imageSecret: the Secret secret belongs to the "
                    "namespace of the Prepull"),
          HasSubstr("secretOverriders[1].component: no counterpart")));
}

TEST(KubeEdgeTest, TheSampleWithOneImageAndNoListIsRead) {
  const ConvertedJob job = Convert(absl::StrReplaceAll(
      JobText(kNames), {{"[busybox, 'quay.io/a:1']", "{name: a, tag: '1'}"}}));

  EXPECT_THAT(job.prepull.images, ElementsAre("a:1"));
}

TEST(KubeEdgeTest, WarnsOfEachFieldWithoutACounterpart) {
  const ConvertedJob job =
      Convert(JobText(absl::StrCat(kNames,
                                   "    imageSecrets: team/pull\n"
                                   "    checkItems: [gpu]\n"
                                   "    colour: red\n"
                                   "    retryTimes: -1\n"
                                   "  priority: 3\n")));

  EXPECT_EQ(job.prepull.retry_times, 0);
  EXPECT_THAT(job.prepull.image_secrets, ElementsAre("pull"));
  EXPECT_THAT(
      job.warnings,
      ElementsAre(HasSubstr("retryTimes: less than 0"),
                  HasSubstr("checkItems[0]: no counterpart: left out"),
                  HasSubstr("imageSecrets: the Secret pull belongs to"),
                  HasSubstr("imagePrePullTemplate.colour: no counterpart"),
                  "spec.priority: no counterpart: left out"));
}

TEST(KubeEdgeTest, ReadsSeveralDocumentsAndLists) {
  const auto documents =
      ConvertKubeEdge(JobText(kNames) + "---\n" + JobText(kNames));
  const auto list = ConvertKubeEdge(
      R"({"kind": "List", "items": [{"apiVersion":
      "operations.kubeedge.io/v1alpha2", "kind": "ImagePrePullJob",
      "metadata": {"name": "a", "uid": "5d"}, "spec": {"imagePrePullTemplate":
      {"images": ["a:1"], "nodeNames": ["b"], "timeoutSeconds": 5}},
      "status": {"phase": "Completed"}}]})");

  ASSERT_THAT(documents, IsOk());
  EXPECT_THAT(*documents, SizeIs(2));
  ASSERT_THAT(list, IsOk());
  ASSERT_THAT(*list, SizeIs(1));
  EXPECT_THAT(list->front().warnings, IsEmpty());
}

struct RefusedJob {
  std::string more;
  std::string why;
};

TEST(KubeEdgeTest, NamesLineAndFieldOfWhatNoJobCanHave) {
  const std::vector<RefusedJob> rows = {
      {"    nodeNames: edge1\n",
       "8: spec.imagePrePullTemplate.nodeNames: expected a list"},
      {"    nodeNames: [a b]\n", "nodeNames[0]: no name of a node"},
      {"    nodeNames: [a]\n    labelSelector: {}\n",
       "labelSelector: either nodeNames or a labelSelector, not both"},
      {"    labelSelector: {matchExpressions: [{key: a, operator: Near}]}\n",
       "matchExpressions[0]: expected a key, an operator"},
      {"    nodeNames: [a]\n    concurrency: many\n",
       "concurrency: expected a number"},
      {"    nodeNames: [a]\n    failureTolerate: '3'\n",
       "failureTolerate: expected a share from 0 to 1"},
      {"    nodeNames: [a]\n    imageSecrets: a/b/c\n",
       "imageSecrets: expected NAMESPACE/NAME of a Secret"},
      {"    nodeNames: [\"a\\e\"]\n", "control character"},
      {"  imagePrePullOverriders: [{nodeLabel: 'a b'}]\n",
       "nodeLabel: expected a label, KEY or KEY=VALUE"},
  };
  for (const RefusedJob& row : rows) {
    EXPECT_THAT(ConvertKubeEdge(JobText(row.more)),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(row.why)));
  }
  EXPECT_THAT(ConvertKubeEdge(absl::StrReplaceAll(JobText(kNames),
                                                  {{"busybox", "'Bad Name'"}})),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(StartsWith("6: "), HasSubstr("images[0]"))));
}

TEST(KubeEdgeTest, RefusesWhatIsNoJob) {
  EXPECT_THAT(ConvertKubeEdge(""), StatusIs(StatusCode::kInvalidArgument,
                                            "holds no ImagePrePullJob"));
  EXPECT_THAT(ConvertKubeEdge("kind: Secret\n"),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("kind \"Secret\": expected")));
  EXPECT_THAT(
      ConvertKubeEdge("a: [1\nb"),
      StatusIs(StatusCode::kInvalidArgument, HasSubstr("invalid YAML")));
  EXPECT_THAT(ConvertKubeEdge("kind: List\nitems:\n- &x\n  kind: List\n"
                              "  items: [*x]\n"),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("items[0]: kind \"List\": expected")));
  EXPECT_THAT(ConvertKubeEdge(std::string(100'000, '[')),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(ConvertKubeEdge("just text"),
              StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace prepull
