#include "src/controller/cluster_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

JobView KnownJob(const std::string& name, const std::string& uid,
                 const std::string& prepull = "app") {
  return {.name = name, .uid = uid, .prepull = prepull, .node = "w1"};
}

PodView KnownPod(const std::string& job_uid, int64_t created_at = 0) {
  return {.prepull = "app",
          .job_uid = job_uid,
          .created = absl::FromUnixSeconds(created_at)};
}

PodView EndedPod(const std::string& job_uid, int code) {
  PodView pod = KnownPod(job_uid);
  pod.sight.exit_code = code;
  return pod;
}

std::vector<int> CodesOf(const ClusterState& cluster, const std::string& uid) {
  std::vector<int> codes;
  for (const PodView* pod : cluster.PodsOf(uid)) {
    codes.push_back(pod->sight.exit_code.value_or(-1));
  }
  return codes;
}

TEST(ClusterStateTest, KnowsWhatBelongsToAPrepull) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutJob(KnownJob("other-1", "u2", "other"));
  cluster.PutList("app-0ed9", {.prepull = "app", .hash = "0ed9"});
  cluster.PutShard({.name = "app-results-0", .prepull = "app"});

  EXPECT_THAT(cluster.ObjectsOf("app").jobs, SizeIs(1));
  EXPECT_THAT(cluster.ObjectsOf("app").lists, SizeIs(1));
  EXPECT_THAT(cluster.ObjectsOf("app").shards, SizeIs(1));
  EXPECT_THAT(cluster.ObjectsOf("none").jobs, IsEmpty());
  EXPECT_EQ(cluster.PrepullOfJob("other-1"), "other");
  EXPECT_EQ(cluster.PrepullOfConfigMap("app-results-0"), "app");
  EXPECT_EQ(cluster.PrepullOfJob("none"), "");
}

TEST(ClusterStateTest, ForgetsWhatIsGone) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutList("app-0ed9", {.prepull = "app"});
  cluster.PutShard({.name = "app-results-0", .prepull = "app"});

  cluster.EraseJob("app-1");
  cluster.EraseConfigMap("app-0ed9");
  cluster.EraseConfigMap("app-results-0");
  cluster.EraseConfigMap("never-there");
  cluster.EraseJob("never-there");

  EXPECT_THAT(cluster.ObjectsOf("app").jobs, IsEmpty());
  EXPECT_THAT(cluster.ObjectsOf("app").lists, IsEmpty());
  EXPECT_THAT(cluster.ObjectsOf("app").shards, IsEmpty());
  EXPECT_EQ(cluster.PrepullOfJob("app-1"), "");
}

// A Job-level deadline deletes the pod: its last words are seen by a watch
// only.
TEST(ClusterStateTest, KeepsTheLastWordsOfAPodForItsJob) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutPod("p1", KnownPod("u1"));
  const PodView last = EndedPod("u1", 3);

  cluster.ErasePod("p1", &last);

  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(3));
  cluster.EraseJob("app-1");
  EXPECT_THAT(cluster.PodsOf("u1"), IsEmpty());
}

TEST(ClusterStateTest, KeepsThoseThatItSawBeforeTheEnd) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutPod("p1", EndedPod("u1", 1));

  cluster.ErasePod("p1", nullptr);

  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(1));
}

// It came and went between two looks.
TEST(ClusterStateTest, KeepsTheLastWordsOfAPodThatItNeverSaw) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  const PodView last = EndedPod("u1", 3);

  cluster.ErasePod("p1", &last);

  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(3));
}

// The server was asked for it, and the watch is behind.
TEST(ClusterStateTest, AnEndedPodStaysEnded) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutPod("p1", EndedPod("u1", 3));
  const PodView running = KnownPod("u1");

  cluster.PutPod("p1", running);
  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(3));

  cluster.ErasePod("p1", &running);
  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(3));
}

TEST(ClusterStateTest, DropsAGonePodWithoutNewsOrWithoutAJob) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutPod("silent", KnownPod("u1"));
  cluster.PutPod("stray", EndedPod("u9", 1));

  cluster.ErasePod("silent", nullptr);
  cluster.ErasePod("stray", nullptr);
  cluster.ErasePod("never-there", nullptr);

  EXPECT_THAT(cluster.PodsOf("u1"), IsEmpty());
  EXPECT_THAT(cluster.PodsOf("u9"), IsEmpty());
}

// Watches of several kinds keep no order among each other.
TEST(ClusterStateTest, AJobThatIsGoneLeavesPodsThatAreNot) {
  ClusterState cluster;
  cluster.PutPod("p1", KnownPod("u1"));
  cluster.PutJob(KnownJob("app-1", "u1"));

  cluster.EraseJob("app-1");

  EXPECT_THAT(cluster.PodsOf("u1"), SizeIs(1));
  cluster.ErasePod("p1", nullptr);
  EXPECT_THAT(cluster.PodsOf("u1"), IsEmpty());
}

TEST(ClusterStateTest, PodsAreInTheOrderOfTheirCreation) {
  ClusterState cluster;
  for (const auto& [name, created_at] :
       std::vector<std::pair<std::string, int64_t>>{
           {"p-c", 10}, {"p-a", 30}, {"p-b", 20}}) {
    PodView pod = KnownPod("u1", created_at);
    pod.sight.exit_code = static_cast<int>(created_at);
    cluster.PutPod(name, pod);
  }

  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(10, 20, 30));
}

TEST(ClusterStateTest, AJobOfTheSameNameIsAnother) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.PutPod("p1", EndedPod("u1", 3));
  cluster.ErasePod("p1", nullptr);

  cluster.PutJob(KnownJob("app-1", "u2"));

  EXPECT_THAT(cluster.ObjectsOf("app").jobs, SizeIs(1));
  EXPECT_EQ(cluster.ObjectsOf("app").jobs.at("app-1").uid, "u2");
  EXPECT_THAT(cluster.PodsOf("u1"), IsEmpty());
}

TEST(ClusterStateTest, AnObjectMayMoveToAnotherPrepull) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("j", "u1", "a"));
  cluster.PutList("l", {.prepull = "a"});
  cluster.PutShard({.name = "s", .prepull = "a"});

  cluster.PutJob(KnownJob("j", "u1", "b"));
  cluster.PutList("l", {.prepull = "b"});
  cluster.PutShard({.name = "s", .prepull = "b"});

  EXPECT_THAT(cluster.ObjectsOf("a").jobs, IsEmpty());
  EXPECT_THAT(cluster.ObjectsOf("a").lists, IsEmpty());
  EXPECT_THAT(cluster.ObjectsOf("a").shards, IsEmpty());
  EXPECT_THAT(cluster.ObjectsOf("b").jobs, SizeIs(1));
  EXPECT_THAT(cluster.ObjectsOf("b").lists, SizeIs(1));
  EXPECT_THAT(cluster.ObjectsOf("b").shards, SizeIs(1));
}

TEST(ClusterStateTest, APodMayMoveToAnotherJob) {
  ClusterState cluster;
  cluster.PutPod("p1", KnownPod("u1"));

  cluster.PutPod("p1", KnownPod("u2"));

  EXPECT_THAT(cluster.PodsOf("u1"), IsEmpty());
  EXPECT_THAT(cluster.PodsOf("u2"), SizeIs(1));
}

// A Job that was just made has no uid yet, and pods may have no Job.
TEST(ClusterStateTest, AJobWithoutAUidHasNoPods) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", ""));
  cluster.PutPod("stray", EndedPod("", 0));

  EXPECT_THAT(cluster.PodsOf(""), IsEmpty());
}

TEST(ClusterStateTest, TheWatchShowsTheUidOfAJobThatWasJustMade) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", ""));
  cluster.PutPod("p1", EndedPod("u1", 0));

  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.ErasePod("p1", nullptr);

  EXPECT_EQ(cluster.ObjectsOf("app").jobs.at("app-1").uid, "u1");
  EXPECT_THAT(CodesOf(cluster, "u1"), ElementsAre(0));
}

// Two that were just made, of which one is shown.
TEST(ClusterStateTest, JobsWithoutAUidDoNotDisturbEachOther) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", ""));
  cluster.PutJob(KnownJob("app-2", ""));

  cluster.PutJob(KnownJob("app-1", "u1"));
  cluster.EraseJob("app-1");

  EXPECT_THAT(cluster.ObjectsOf("app").jobs, SizeIs(1));
}

TEST(ClusterStateTest, MarksAJobAsBeingDeleted) {
  ClusterState cluster;
  cluster.PutJob(KnownJob("app-1", "u1"));

  cluster.MarkDeleted("app-1");
  cluster.MarkDeleted("never-there");

  EXPECT_TRUE(cluster.ObjectsOf("app").jobs.at("app-1").is_deleting);
  EXPECT_THAT(cluster.ObjectsOf("app").jobs, SizeIs(1));
}

}  // namespace
}  // namespace prepull
