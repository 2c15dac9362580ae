// Random histories of nodes, Jobs and edits, with a controller that is killed
// after any write: nothing is lost, nothing is doubled, and there are never
// more Jobs than nodes may pull at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "test/controller/decision_fixture.h"

namespace prepull {
namespace {

class RandomHistory : public DecidedPrepull {
 public:
  explicit RandomHistory(unsigned seed) : dice_(seed) {
    AddNodes(1 + Roll(12));
    prepull.spec->concurrency = {.number = 1 + Roll(4)};
    prepull.spec->failure_tolerate = 1;
    if (Roll(3) == 0) prepull.spec->waves = {{.number = 1 + Roll(3)}};
  }

  void Run() {
    for (int i = 0; i < 150; ++i) {
      Happen();
      const size_t before = Jobs().size();
      // It may be killed after any of its writes.
      const int most = Roll(3) == 0 ? Roll(6) : 1 << 30;
      Do(Decided(), most);
      if (most < 6 && Roll(2) == 0) ForgetAll();
      const auto allowed = static_cast<size_t>(prepull.spec->concurrency.Of(
          static_cast<int64_t>(cluster.nodes.size())));
      ASSERT_LE(Jobs().size(), std::max(allowed, before));
    }
  }

  // Whatever has been: from now on all is well.
  void End() {
    for (auto& [name, node] : cluster.nodes) node = ReadyNode();
    prepull.spec->is_suspended = false;
    prepull.retry_at = "the end";
    Edit();
    RunToTheEnd(0);
  }

  // The uid of the last Job that has ended on each node.
  const std::map<std::string, std::string>& ended() const { return ended_; }

 private:
  int Roll(int sides) {
    return static_cast<int>(dice_() % static_cast<unsigned>(sides));
  }
  std::string SomeNode() {
    return Fleet::NodeName(1 + Roll(static_cast<int>(cluster.nodes.size())));
  }

  void Happen() {
    now += absl::Seconds(Roll(100));
    switch (Roll(12)) {
      case 0:
        cluster.nodes[SomeNode()] = DeadNode();
        break;
      case 1:
        cluster.nodes[SomeNode()] = ReadyNode();
        break;
      case 2:
        prepull.retry_at = absl::StrCat(Roll(1000));
        break;
      case 3:
        prepull.spec->concurrency = {.number = 1 + Roll(4)};
        Edit();
        break;
      case 4:
        prepull.spec->is_suspended = Roll(4) == 0;
        Edit();
        break;
      case 5:
        prepull.spec->images = {absl::StrCat("quay.io/a:", Roll(2)),
                                "quay.io/b:1"};
        Edit();
        break;
      default:
        EndSome();
    }
  }

  void EndSome() {
    std::vector<JobView> running;
    for (const auto& [name, job] : Jobs()) {
      if (!IsOver(job)) running.push_back(job);
    }
    for (const JobView& job : running) {
      if (Roll(2) == 0) continue;
      EndJob(job.node, std::vector<int>{0, 1, 3}[static_cast<size_t>(Roll(3))]);
      ended_[job.node] = job.uid;
    }
  }

  std::mt19937 dice_;
  std::map<std::string, std::string> ended_;
};

TEST(DecisionRandomTest, NothingIsLostAndNothingIsDoubled) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    RandomHistory history(seed);
    history.Run();
    if (testing::Test::HasFatalFailure()) return;
    // Each end that was seen is on record, or its Job is still there.
    history.Settle();
    const std::map<std::string, NodeRecord> records = history.Records();
    for (const auto& [node, uid] : history.ended()) {
      ASSERT_TRUE(records.contains(node)) << node;
      ASSERT_EQ(records.at(node).job_uid, uid) << node;
    }

    history.End();

    ASSERT_EQ(history.prepull.status.phase, "Succeeded");
    ASSERT_TRUE(history.Jobs().empty());
    ASSERT_EQ(history.Records().size(), history.cluster.nodes.size());
  }
}

}  // namespace
}  // namespace prepull
