// Where the fake could lie and every test on it would believe it.
#include <string>

#include "test/support/kubernetes_api/fake_kubernetes_fixture.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(FakeKubernetesTest, ListsPagesOfOneVersion) {
  for (const char* name : {"a", "b", "c", "e"}) Create(name);

  const JsonDocument first = Got(absl::StrCat(kMaps, "?limit=2"));
  Create("d");
  fake_.Delete(
      {.resource = "configmaps", .object_namespace = "team", .name = "c"});
  const JsonDocument second = Got(absl::StrCat(
      kMaps,
      "?limit=2&continue=", first["metadata"]["continue"].StringOrEmpty()));

  EXPECT_THAT(NamesIn(first), ElementsAre("a", "b"));
  EXPECT_THAT(NamesIn(second), ElementsAre("c", "e"));
  EXPECT_EQ(VersionIn(first), VersionIn(second));
  EXPECT_FALSE(second["metadata"]["continue"].exists());
}

TEST_F(FakeKubernetesTest, NamesTheKindOfAnObjectButNotInAList) {
  Create("a");

  EXPECT_EQ(Got(absl::StrCat(kMaps, "/a"))["kind"].StringOrEmpty(),
            "ConfigMap");
  const JsonDocument list = Got(kMaps);
  EXPECT_EQ(list["kind"].StringOrEmpty(), "ConfigMapList");
  EXPECT_FALSE(list["items"].elements().front()["kind"].exists());
}

TEST_F(FakeKubernetesTest, WatchesWhatAListHasNot) {
  Create("a");
  Create("b");
  const std::string version = VersionIn(Got(kMaps));
  Create("c");
  Patch("a", kMerge, R"({"data":{"x":"1"}})");
  clock_.After(absl::Seconds(100),
               [this] { Code("DELETE", absl::StrCat(kMaps, "/b")); });

  EXPECT_THAT(WatchedFrom(version),
              ElementsAre("ADDED c", "MODIFIED a", "DELETED b"));
  EXPECT_THAT(watch_end_, IsOk());
}

TEST_F(FakeKubernetesTest, EndsAWatchAtItsTime) {
  Create("a");
  const Instant begin = clock_.Now();

  EXPECT_THAT(WatchedFrom("0"), ElementsAre("ADDED a"));
  EXPECT_EQ(clock_.Now() - begin, absl::Seconds(300));
}

TEST_F(FakeKubernetesTest, SendsBookmarksToThoseWhoAskForThem) {
  const std::string version = VersionIn(Got(kMaps));

  EXPECT_THAT(WatchedFrom(version, "&allowWatchBookmarks=true"), SizeIs(5));
  EXPECT_THAT(WatchedFrom(version), IsEmpty());
}

TEST_F(FakeKubernetesTest, ShowsAWatchOnlyWhatItSelects) {
  const std::string version = VersionIn(Got(kMaps));
  Create("a");
  Patch("a", kMerge, R"({"metadata":{"labels":{"app":"x"}}})");
  Patch("a", kMerge, R"({"data":{"k":"v"}})");
  Patch("a", kMerge, R"({"metadata":{"labels":null}})");

  EXPECT_THAT(WatchedFrom(version, "&labelSelector=app%3Dx"),
              ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  EXPECT_THAT(WatchedFrom(version, "&fieldSelector=metadata.name%3Db"),
              IsEmpty());
}

TEST_F(FakeKubernetesTest, ForgetsVersionsWhenItIsCompacted) {
  for (const char* name : {"a", "b", "c"}) Create(name);
  const JsonDocument page = Got(absl::StrCat(kMaps, "?limit=2"));
  Create("d");

  fake_.Compact();

  EXPECT_THAT(WatchedFrom(VersionIn(page)), ElementsAre("ERROR Expired"));
  EXPECT_EQ(
      Code("GET", absl::StrCat(kMaps, "?limit=2&continue=",
                               page["metadata"]["continue"].StringOrEmpty())),
      410);
  EXPECT_THAT(WatchedFrom(VersionIn(Got(kMaps))), IsEmpty());
}

TEST_F(FakeKubernetesTest, LeavesAWatchThatHasSeenAllAloneWhenCompacted) {
  const std::string version = VersionIn(Got(kMaps));
  clock_.After(absl::Seconds(10), [this] {
    fake_.Put({.resource = "nodes", .name = "w1"}, "{}");
    fake_.Compact();
    Create("a");
  });

  EXPECT_THAT(WatchedFrom(version), ElementsAre("ADDED a"));
}

TEST_F(FakeKubernetesTest, KnowsNoVersionOfTheFuture) {
  EXPECT_EQ(Code("GET", absl::StrCat(kMaps, "?resourceVersion=1000")), 504);
}

TEST_F(FakeKubernetesTest, CreatesANameOnce) {
  Create("a");

  const HttpResponse again = Send("POST", kMaps, ConfigMapText("a")).value();

  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.body, HasSubstr("\"AlreadyExists\""));
}

TEST_F(FakeKubernetesTest, RemovesTheKeysThatAreAppliedNoMore) {
  Create("a", R"(,"data":{"theirs":"0"})");
  ASSERT_EQ(
      Patch("a", kApply, ConfigMapText("a", R"(,"data":{"x":"1","y":"2"})")),
      200);

  ASSERT_EQ(Patch("a", kApply, ConfigMapText("a", R"(,"data":{"y":"3"})")),
            200);

  EXPECT_THAT(KeysOf("a"), ElementsAre("theirs", "y"));
}

TEST_F(FakeKubernetesTest, MakesWhatIsAppliedAndNotThere) {
  EXPECT_EQ(Patch("new", kApply, ConfigMapText("new")), 201);
  EXPECT_EQ(Patch("other", kApply, ConfigMapText("new")), 400);
  EXPECT_EQ(Patch("missing", kMerge, "{}"), 404);
}

TEST_F(FakeKubernetesTest, AppliesAStatusApartFromTheRest) {
  const std::string path =
      "/apis/prepull.dev/v1alpha1/namespaces/team/prepulls";
  const std::string head =
      R"({"apiVersion":"prepull.dev/v1alpha1","kind":"Prepull",)"
      R"("metadata":{"name":"p"})";
  ASSERT_EQ(Code("POST", path, head + R"(,"spec":{"n":1},"status":{"s":1}})"),
            201);
  const std::string status = path + "/p/status?fieldManager=prepull&force=true";

  EXPECT_EQ(Code("PATCH", status, head + R"(,"status":{"s":2,"t":3}})", kApply),
            200);
  EXPECT_EQ(Code("PATCH", status, head + R"(,"spec":{"n":9},"status":{"s":4}})",
                 kApply),
            200);
  EXPECT_EQ(
      Code("PATCH", path + "/p", R"({"spec":{"n":2},"status":null})", kMerge),
      200);

  const JsonDocument object = Got(path + "/p");
  EXPECT_EQ(object["spec"]["n"].integer(), 2);
  EXPECT_EQ(object["status"]["s"].integer(), 4);
  EXPECT_FALSE(object["status"]["t"].exists());
  EXPECT_EQ(object["metadata"]["generation"].integer(), 2);
}

TEST_F(FakeKubernetesTest, RefusesAPatchOfAnotherVersion) {
  Create("a");
  const std::string version = VersionOf("a");
  const std::string patch = absl::StrCat(R"({"metadata":{"resourceVersion":")",
                                         version, R"("},"data":{"x":"1"}})");

  EXPECT_EQ(Patch("a", kMerge, patch), 200);
  EXPECT_EQ(Patch("a", kMerge, patch), 409);
}

TEST_F(FakeKubernetesTest, ChangesNothingByAPatchThatSaysNothingNew) {
  Create("a", R"(,"data":{"x":"1"})");
  const std::string version = VersionOf("a");

  EXPECT_EQ(Patch("a", kMerge, R"({"data":{"x":"1","y":null}})"), 200);

  EXPECT_EQ(VersionOf("a"), version);
  EXPECT_THAT(WatchedFrom(version), IsEmpty());
}

TEST_F(FakeKubernetesTest, TestsWhatAJsonPatchTests) {
  fake_.Put({.resource = "nodes", .name = "w1"},
            R"({"spec":{"taints":[{"key":"a"},{"key":"b"}]}})");
  const std::string remove =
      R"([{"op":"test","path":"/spec/taints/0/key","value":"a"},)"
      R"({"op":"remove","path":"/spec/taints/0"}])";

  EXPECT_EQ(Code("PATCH", "/api/v1/nodes/w1", remove, kJsonPatch), 200);
  EXPECT_EQ(Code("PATCH", "/api/v1/nodes/w1", remove, kJsonPatch), 422);
  EXPECT_EQ(Got("/api/v1/nodes/w1")["spec"]["taints"].size(), 1);
}

TEST_F(FakeKubernetesTest, KeepsWhatIsImmutable) {
  Create("a", R"(,"immutable":true,"data":{"x":"1"})");

  EXPECT_EQ(Patch("a", kMerge, R"({"data":{"x":"2"}})"), 422);
  EXPECT_EQ(Patch("a", kMerge, R"({"metadata":{"labels":{"l":"1"}}})"), 200);
}

TEST_F(FakeKubernetesTest, TakesNoConfigMapOverAMebibyte) {
  const std::string value(1 << 20, 'x');

  EXPECT_EQ(
      Code("POST", kMaps,
           ConfigMapText("a", absl::StrCat(R"(,"data":{"k":")", value, "\"}"))),
      422);
}

TEST_F(FakeKubernetesTest, DeletesTheBearerOfAUidOnly) {
  Create("a");
  const std::string uid =
      Got(absl::StrCat(kMaps, "/a"))["metadata"]["uid"].StringOrEmpty();
  const std::string options =
      absl::StrCat(R"({"kind":"DeleteOptions",)", R"("preconditions":{"uid":")",
                   uid, "\"}}");
  ASSERT_EQ(Code("DELETE", absl::StrCat(kMaps, "/a")), 200);
  Create("a");

  const HttpResponse refused =
      Send("DELETE", absl::StrCat(kMaps, "/a"), options).value();

  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("UID in precondition"));
  EXPECT_EQ(Code("GET", absl::StrCat(kMaps, "/a")), 200);
}

TEST_F(FakeKubernetesTest, DeletesWithAnOwnerWhatItOwns) {
  const KubeObject job = {.group_version = "batch/v1",
                          .resource = "jobs",
                          .object_namespace = "team",
                          .name = "j"};
  const KubeObject running = {
      .resource = "pods", .object_namespace = "team", .name = "running"};
  const KubeObject ended = {
      .resource = "pods", .object_namespace = "team", .name = "ended"};
  fake_.Put(job, R"({"metadata":{"uid":"u1"}})");
  fake_.Put(running,
            R"({"metadata":{"ownerReferences":[{"uid":"u1"}]},)"
            R"("spec":{"nodeName":"w1"},"status":{"phase":"Running"}})");
  fake_.Put(ended, R"({"metadata":{"ownerReferences":[{"uid":"u1"}]},)"
                   R"("spec":{"nodeName":"w1"},"status":{"phase":"Failed"}})");

  fake_.Delete(job);

  EXPECT_FALSE(fake_.Has(job));
  EXPECT_FALSE(fake_.Has(ended));
  EXPECT_THAT(fake_.Text(running), HasSubstr("deletionTimestamp"));
}

TEST_F(FakeKubernetesTest, AnswersForNoKindThatIsNotInstalled) {
  EXPECT_EQ(Code("GET", "/apis/prepull.dev/v1/prepulls"), 404);
  EXPECT_EQ(Code("GET", "/apis/prepull.dev/v1/prepulls?watch=1"), 404);
}

}  // namespace
}  // namespace prepull
