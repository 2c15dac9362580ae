#include "prepull/progress/silence_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Pair;

constexpr int64_t kMegabyte = 1'000'000;

// A runtime's connections on simulated seconds.
class SilenceDetectorTest : public testing::Test {
 protected:
  // The run begins when there is none.
  SilenceDetectorTest() {
    detector_.emplace(SilenceDetector::Options());
    Look();
  }

  // What it receives in the second that begins at `second`.
  using Rate = std::function<int64_t(int second)>;

  struct Socket {
    std::string peer;
    Rate rate;
    double asked = 0;  // seconds
    double came = 0;
    int64_t received_bytes = 0;
  };

  static Rate Steady(int64_t bytes_per_second) {
    return [bytes_per_second](int) { return bytes_per_second; };
  }
  static Rate Until(int end, int64_t bytes_per_second) {
    return [=](int second) { return second < end ? bytes_per_second : 0; };
  }
  static Rate From(int begin, int64_t bytes_per_second) {
    return [=](int second) { return second < begin ? 0 : bytes_per_second; };
  }

  void Open(uint64_t id, Rate rate, const std::string& peer = "registry") {
    sockets_[id] = {.peer = peer,
                    .rate = std::move(rate),
                    .asked = static_cast<double>(second_),
                    .came = static_cast<double>(second_)};
  }
  // A request on a connection that is open.
  void Ask(uint64_t id, Rate rate) {
    sockets_[id].rate = std::move(rate);
    sockets_[id].asked = second_;
  }
  void Close(uint64_t id) { sockets_.erase(id); }

  // Lets the seconds pass until `end`, with a look at the end of each. What is
  // ended closes, and is noted in `ended_`.
  void RunUntil(int end) {
    while (second_ < end) {
      for (auto& [id, socket] : sockets_) {
        const int64_t bytes = socket.rate(second_);
        if (bytes > 0) socket.came = second_ + 0.9;
        socket.received_bytes += bytes;
      }
      ++second_;
      Look();
    }
  }

  void Look() {
    std::vector<Connection> connections;
    for (const auto& [id, socket] : sockets_) {
      connections.push_back(
          {.id = id,
           .peer = socket.peer,
           .received_bytes = socket.received_bytes,
           .since_received = absl::Seconds(second_ - socket.came),
           .since_sent = absl::Seconds(second_ - socket.asked)});
    }
    for (const StuckConnection& stuck :
         detector_->Observe(Now(), connections, surroundings_)) {
      ended_[stuck.id] = second_;
      last_ = stuck;
      detector_->OnEnded(Now(), stuck.id);
      Close(stuck.id);
    }
  }

  Instant Now() const {
    return Instant(absl::Hours(1) + absl::Seconds(second_));
  }

  int second_ = 0;
  std::map<uint64_t, Socket> sockets_;
  std::map<uint64_t, int> ended_;  // at which second
  StuckConnection last_;
  SilenceDetector::Surroundings surroundings_;
  std::optional<SilenceDetector> detector_;
};

TEST_F(SilenceDetectorTest, LeavesASlowConnectionAlone) {
  Open(1, Steady(1));

  RunUntil(3600);

  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(SilenceDetectorTest, EndsABodyThatIsSilentForItsWindow) {
  Open(1, Until(10, 5 * kMegabyte));
  Open(2, Steady(5 * kMegabyte));

  RunUntil(60);

  // Silent since 9.9.
  EXPECT_THAT(ended_, ElementsAre(Pair(1, 15)));
  EXPECT_TRUE(last_.in_body);
  EXPECT_EQ(last_.peer, "registry");
  EXPECT_EQ(last_.received_bytes, 50 * kMegabyte);
  EXPECT_EQ(last_.silent_for, absl::Seconds(15 - 9.9));
}

// The answer came so soon that both have the same time.
TEST_F(SilenceDetectorTest, EndsABodyThatBeganAndStalledAtOnce) {
  Open(1, [](int) { return 0; });
  sockets_[1].received_bytes = kMegabyte;
  Open(2, Steady(5 * kMegabyte));

  RunUntil(60);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 5)));
  EXPECT_TRUE(last_.in_body);
}

TEST_F(SilenceDetectorTest, SparesAResponseThatTakesLong) {
  surroundings_.response_timeout = absl::Seconds(60);
  Open(1, From(45, kMegabyte));

  RunUntil(90);

  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(SilenceDetectorTest, EndsARequestThatIsNeverAnswered) {
  Open(1, Steady(0));

  RunUntil(60);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, AllOf(Ge(30), Le(31)))));
  EXPECT_FALSE(last_.in_body);
}

// The request went out on a connection whose last answer is long ago.
TEST_F(SilenceDetectorTest, SparesAResponseOnAConnectionThatWasIdle) {
  Open(1, Until(1, kMegabyte));
  Open(2, Steady(kMegabyte));
  surroundings_.has_resting_download = false;
  RunUntil(20);
  Ask(1, From(45, kMegabyte));
  surroundings_.has_resting_download = true;

  RunUntil(90);

  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(SilenceDetectorTest, SparesASuccessorUntilItsBodyCanBreakOffAgain) {
  Open(1, Until(5, 5 * kMegabyte));
  RunUntil(10);
  ASSERT_THAT(ended_, ElementsAre(Pair(1, 10)));
  RunUntil(11);
  Open(2, Until(12, kMegabyte), "cdn");

  RunUntil(120);

  // A MB is less than a MiB: after a minute.
  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(2, 74)));
}

TEST_F(SilenceDetectorTest, EndsASuccessorThatHasReceivedEnough) {
  Open(1, Until(5, 5 * kMegabyte));
  RunUntil(11);
  Open(2, Until(12, 2 * kMegabyte), "cdn");

  RunUntil(120);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(2, 17)));
}

TEST_F(SilenceDetectorTest, SparesNoSuccessorThatIsContinuedAtAnyTime) {
  detector_.emplace(SilenceDetector::Options{.resumes_rarely = false});
  Look();
  Open(1, Until(5, 5 * kMegabyte));
  RunUntil(11);
  Open(2, Until(12, 100'000));

  RunUntil(120);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(2, 17)));
}

// The runtime asks for the rest on a connection that it has.
TEST_F(SilenceDetectorTest, SparesASuccessorOnAConnectionThatWasOpen) {
  surroundings_.has_resting_download = true;
  Open(1, Until(5, 5 * kMegabyte));
  Open(2, Until(9, 5 * kMegabyte));
  RunUntil(11);
  ASSERT_THAT(ended_, ElementsAre(Pair(1, 10)));
  Ask(2, Until(12, kMegabyte / 2));

  RunUntil(120);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(2, 74)));
}

TEST_F(SilenceDetectorTest, TreatsAConnectionOfLaterAsAnyOther) {
  Open(1, Until(5, 5 * kMegabyte));
  RunUntil(50);
  Open(2, Until(51, kMegabyte));

  RunUntil(120);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(2, 56)));
}

TEST_F(SilenceDetectorTest, EndsNothingOfAPeerThatDoesNotContinue) {
  Open(1, Until(5, 5 * kMegabyte), "no ranges");
  RunUntil(12);
  detector_->OnNotContinued(Now());
  RunUntil(60);
  Open(2, Until(65, 5 * kMegabyte), "no ranges");
  Open(3, Until(65, 5 * kMegabyte), "other");

  RunUntil(200);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(3, 70)));
}

// All have the same peer, whatever registry they are for.
TEST_F(SilenceDetectorTest, TellsConnectionsThroughAProxyApart) {
  Open(1, Until(5, 5 * kMegabyte), "proxy");
  Open(2, Steady(5 * kMegabyte), "proxy");
  RunUntil(11);
  ASSERT_THAT(ended_, ElementsAre(Pair(1, 10)));
  Open(3, Until(12, kMegabyte / 2), "proxy");
  Open(4, Until(13, 5 * kMegabyte), "proxy");

  RunUntil(120);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 10), Pair(3, 74), Pair(4, 18)));
}

TEST_F(SilenceDetectorTest, LeavesIdleConnectionsAloneWhileOthersMove) {
  Open(1, Until(1, 3'000));  // a manifest
  Open(2, Steady(5 * kMegabyte));

  RunUntil(120);

  EXPECT_THAT(ended_, IsEmpty());
  // Runtimes close idle ones before: it is a body that stalled at once.
  RunUntil(300);
  EXPECT_THAT(ended_, ElementsAre(Pair(1, 121)));
}

TEST_F(SilenceDetectorTest, EndsASmallAnswerWhenNothingMoves) {
  Open(1, Until(1, 3'000));
  Open(2, Until(20, 5 * kMegabyte));

  RunUntil(300);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 25), Pair(2, 25)));
}

TEST_F(SilenceDetectorTest, TakesConnectionsForIdleWhileEveryDownloadMoves) {
  surroundings_.has_resting_download = false;
  Open(1, Until(10, 5 * kMegabyte));

  RunUntil(120);

  EXPECT_THAT(ended_, IsEmpty());
  EXPECT_TRUE(detector_->is_idle());
}

TEST_F(SilenceDetectorTest, KnowsNothingOfWhatWasBeforeItsFirstLook) {
  detector_.emplace(SilenceDetector::Options());
  Open(1, Steady(0));
  sockets_[1].received_bytes = 100 * kMegabyte;
  second_ = 1000;
  sockets_[1].came = 20;
  Open(2, Steady(kMegabyte));

  Look();

  EXPECT_THAT(ended_, IsEmpty());
  EXPECT_EQ(detector_->received_bytes(), 0);
  RunUntil(1003);
  EXPECT_EQ(detector_->received_bytes(), 3 * kMegabyte);
  // It is idle, or at least no download of ours.
  RunUntil(1100);
  EXPECT_THAT(ended_, IsEmpty());
}

// Each of a hundred gets a burst every ten seconds.
TEST_F(SilenceDetectorTest, IsPatientWithASlowLinkThatManyShare) {
  for (uint64_t id = 0; id < 100; ++id) {
    Open(id, [id](int second) -> int64_t {
      return second % 10 == static_cast<int>(id % 10) ? 100'000 : 0;
    });
  }

  RunUntil(600);

  EXPECT_THAT(ended_, IsEmpty());
}

// 100 kB/s need 42 s for four steps, so the next window is twice the last.
TEST_F(SilenceDetectorTest, WaitsLongerAfterAnEndThatGainedLittle) {
  Open(1, Until(70, 100'000));
  RunUntil(75);
  ASSERT_THAT(ended_, ElementsAre(Pair(1, 75)));
  RunUntil(76);
  Open(2, Until(146, 100'000));

  RunUntil(300);

  EXPECT_THAT(ended_, ElementsAre(Pair(1, 75), Pair(2, 156)));
}

TEST_F(SilenceDetectorTest, TellsWhenDataCameLast) {
  EXPECT_EQ(detector_->moved_at(), Instant());
  EXPECT_TRUE(detector_->is_idle());
  Open(1, Until(3, kMegabyte));

  RunUntil(6);

  EXPECT_FALSE(detector_->is_idle());
  EXPECT_EQ(detector_->moved_at(),
            Instant(absl::Hours(1) + absl::Seconds(2.9)));
  Close(1);
  RunUntil(7);
  EXPECT_TRUE(detector_->is_idle());
}

// A body in many pieces, each with its request: none is taken for a stall.
TEST_F(SilenceDetectorTest, FollowsAConnectionThroughItsRequests) {
  Open(1, Steady(kMegabyte));
  for (int round = 1; round <= 20; ++round) {
    RunUntil(4 * round);
    Ask(1, Until(4 * round + 1, kMegabyte));
  }

  EXPECT_THAT(ended_, IsEmpty());
  RunUntil(100);
  EXPECT_THAT(ended_, ElementsAre(Pair(1, 86)));
}

}  // namespace
}  // namespace prepull
