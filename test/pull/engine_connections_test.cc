// What the engine makes of the runtime's connections, where they can be seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "test/pull/engine_watch_fixture.h"
#include "test/support/fake_connections.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;

constexpr char kPulled[] = "quay.io/a:1";
constexpr int64_t kMegabyte = 1'000'000;

// A runtime that resumes within a pull, as CRI-O does, and its sockets.
class EngineConnectionsTest : public EngineTest {
 protected:
  // A socket that is open from `begins` on, and receives a megabyte in each
  // second from `from` until `until`; seconds since the start of the run.
  struct Socket {
    double begins = 0;
    double from = 0;
    double until = 0;
    double closes = 1e9;
    std::string peer = "192.0.2.1:443";
  };

  EngineConnectionsTest() {
    connections_ = &seen_;
    options_.resumes_within_pull = true;
    options_.resumes_rarely = true;
    seen_.before_list = [this] { Update(); };
  }

  void Update() {
    const double now =
        absl::ToDoubleSeconds(clock_.Now() - before_.given.start);
    seen_.open.clear();
    for (const auto& [id, socket] : sockets_) {
      if (now < socket.begins || now >= socket.closes) continue;
      if (std::find(seen_.shut_down.begin(), seen_.shut_down.end(), id) !=
          seen_.shut_down.end()) {
        continue;
      }
      const double came =
          std::clamp(now, std::min(now, socket.from), socket.until);
      const bool has_answer = came > socket.from;
      seen_.open.push_back(
          {.id = id,
           .peer = socket.peer,
           .received_bytes = has_answer ? static_cast<int64_t>(
                                              (came - socket.from) * kMegabyte)
                                        : 0,
           .since_received =
               absl::Seconds(now - (has_answer ? came : socket.begins)),
           .since_sent = absl::Seconds(now - socket.begins)});
    }
  }

  static FakeRuntime::Attempt Takes(double seconds) {
    return {absl::OkStatus(), absl::Seconds(seconds)};
  }
  static FakeRuntime::Attempt Hangs() {
    return {.takes = absl::InfiniteDuration()};
  }

  FakeConnections seen_;
  std::map<uint64_t, Socket> sockets_;
};

TEST_F(EngineConnectionsTest, AnImageOfAnHourArrivesInItsFirstAttempt) {
  overall_timeout_ = absl::Hours(2);
  runtime_.Script(kPulled, {Takes(3600)});
  sockets_[1] = {.until = 3600};

  Fetch({kPulled});

  EXPECT_EQ(image(0).state, ImageState::kPulled);
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_THAT(seen_.shut_down, IsEmpty());
  EXPECT_TRUE(run_.features().byte_progress);
  EXPECT_EQ(run_.features().resume, Resume::kWithinPull);
}

TEST_F(EngineConnectionsTest, EndsAStuckConnectionAndNotItsPull) {
  runtime_.Script(kPulled, {Takes(40)});
  sockets_[1] = {.until = 10};
  sockets_[2] = {.begins = 16, .from = 17, .until = 40};

  Fetch({kPulled});

  EXPECT_THAT(seen_.shut_down, ElementsAre(1));
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(run_.ended_connections(), 1);
}

TEST_F(EngineConnectionsTest, EndsNoneOfARuntimeThatWouldNotGoOn) {
  options_.resumes_within_pull = false;
  runtime_.Script(kPulled, {Hangs(), Takes(1)});
  sockets_[1] = {.until = 10, .closes = 50};

  Fetch({kPulled});

  EXPECT_THAT(seen_.shut_down, IsEmpty());
  // Its timeout ran from the last byte on.
  EXPECT_THAT(AttemptsAt(kPulled),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(41)));
  EXPECT_EQ(run_.features().resume, Resume::kNever);
}

TEST_F(EngineConnectionsTest, CutsWhatIsNeverAnswered) {
  runtime_.Script(kPulled, {Hangs(), Takes(1)});
  sockets_[1] = {.from = 1e9, .until = 1e9};

  Fetch({kPulled});

  EXPECT_THAT(AttemptsAt(kPulled),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(31)));
}

// All has arrived, and no connection is left that it could wait for.
TEST_F(EngineConnectionsTest, LeavesTimeToUnpack) {
  runtime_.Script(kPulled, {Takes(600)});
  sockets_[1] = {.until = 10, .closes = 11};

  Fetch({kPulled});

  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(image(0).state, ImageState::kPulled);
}

// The timeout is for the time without bytes, however many the list says.
TEST_F(EngineConnectionsTest, TimesOutWhenNothingCame) {
  runtime_.Script(kPulled, {Hangs(), Takes(1)});
  options_.resumes_within_pull = false;
  sockets_[1] = {.until = 100, .closes = 150};

  Fetch({kPulled});

  EXPECT_THAT(AttemptsAt(kPulled),
              ElementsAre(absl::ZeroDuration(), absl::Seconds(131)));
}

TEST_F(EngineConnectionsTest, EndsNothingAgainThatWasNotContinued) {
  runtime_.Script(
      kPulled,
      {{absl::UnknownError("unexpected EOF (after reconnecting, server did not "
                           "process a Range: header, status 200)"),
        absl::Seconds(17)},
       Takes(40)});
  sockets_[1] = {.until = 10, .closes = 17};
  sockets_[2] = {.begins = 18, .from = 18, .until = 25};

  Fetch({kPulled});

  EXPECT_THAT(seen_.shut_down, ElementsAre(1));
  EXPECT_EQ(image(0).attempts, 2);
}

TEST_F(EngineConnectionsTest, GoesOnWithoutWhatItCannotSeeAnyMore) {
  runtime_.Script(kPulled, {Hangs(), Takes(1)});
  sockets_[1] = {.until = 1000};
  clock_.After(absl::Seconds(60), [this] {
    seen_.script = {absl::PermissionDeniedError("CAP_SYS_PTRACE is missing")};
  });

  Fetch({kPulled});

  EXPECT_FALSE(run_.features().connections);
  EXPECT_EQ(image(0).attempts, 2);
  EXPECT_THAT(seen_.lists, Le(62));
}

// Nothing resumes and nothing is seen: the fifth attempt is the last that could
// be long enough, and gets all that is left.
TEST_F(EngineConnectionsTest, TheLastAttemptGetsTheRestWhereNothingIsSeen) {
  connections_ = nullptr;
  runtime_.Script(kPulled, {Hangs(), Hangs(), Hangs(), Hangs(), Takes(700)});

  Fetch({kPulled});

  EXPECT_EQ(image(0).state, ImageState::kPulled);
  EXPECT_EQ(image(0).attempts, 5);
}

TEST_F(EngineConnectionsTest, LooksOnceASecondAndOnlyWhileItPulls) {
  options_.retry.first_delay = absl::Seconds(60);
  witness_.wants_to_be_called = absl::Seconds(1);
  runtime_.Script(
      kPulled,
      {{absl::UnknownError("unexpected EOF"), absl::Seconds(1.5)}, Takes(1.5)});

  Fetch({kPulled});

  EXPECT_EQ(seen_.lists, 4);
}

TEST_F(EngineConnectionsTest, LooksAtNothingWithoutAStallTimeout) {
  options_.stall_timeout = absl::ZeroDuration();

  Fetch({kPulled});

  EXPECT_EQ(seen_.lists, 0);
  EXPECT_FALSE(run_.features().connections);
  EXPECT_FALSE(run_.features().byte_progress);
}

// A runtime that shows its downloads, too.
class EngineBothWatchesTest : public EngineWatchTest {
 protected:
  EngineBothWatchesTest() {
    connections_ = &seen_;
    options_.resumes_within_pull = true;
  }

  // Receives while a download moves.
  void Receive(uint64_t id, double until) {
    seen_.before_list = [=, this] {
      const double now = absl::ToDoubleSeconds(clock_.Now() - run_.start());
      const double came = std::min(now, until);
      seen_.open = {{.id = id,
                     .peer = "192.0.2.1:443",
                     .received_bytes = static_cast<int64_t>(came * kMiB) + 1,
                     .since_received = absl::Seconds(now - came),
                     .since_sent = absl::Seconds(now + 1)}};
      if (!seen_.shut_down.empty()) seen_.open.clear();
    };
  }

  const Layer layer_ = {"sha256:aa", 100 * kMiB};
  FakeConnections seen_;
};

TEST_F(EngineBothWatchesTest, AStalledDownloadIsMendedAndNotCut) {
  runtime_.Script(kPulled, {Takes(60)});
  ManifestAt(0.1, kPulled, {layer_});
  DownloadAt(0.5, layer_, kMiB, 10 * kMiB);
  Receive(1, 10.5);

  Fetch({kPulled});

  EXPECT_THAT(seen_.shut_down, ElementsAre(1));
  EXPECT_EQ(image(0).attempts, 1);
  EXPECT_EQ(run_.features().resume, Resume::kAlways);
}

TEST_F(EngineBothWatchesTest, LeavesIdleConnectionsAloneWhileDownloadsMove) {
  runtime_.Script(kPulled, {Takes(60)});
  ManifestAt(0.1, kPulled, {layer_});
  DownloadAt(0.5, layer_, 2 * kMiB);
  Receive(1, 5);

  Fetch({kPulled});

  EXPECT_THAT(seen_.shut_down, IsEmpty());
  EXPECT_EQ(image(0).attempts, 1);
}

}  // namespace
}  // namespace prepull
