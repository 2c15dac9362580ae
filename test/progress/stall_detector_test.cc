#include "prepull/progress/stall_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "test/progress/window_times.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::Le;

using Digests = std::vector<std::string>;

const Instant kBegin = Instant(kHour);

// Shared in equal parts by the downloads that are connected over it.
struct Link {
  double bytes_per_second;
};
const Link kFast{50e6};  // 400 Mbit/s
const Link kDead{0};

// A pull as the engine keeps it, tried again at once after a cut.
struct Pull {
  Digests blobs;
  Instant started;  // after the last cut
  absl::Duration window = kFive;
  int64_t bytes_at_start = 0;
  int cuts = 0;
};

// A node on simulated seconds; its offsets move in steps of 1 MiB.
class StallDetectorTest : public testing::Test {
 protected:
  struct Download {
    double written = 0;    // what the list shows
    double unwritten = 0;  // of the step under way
    const Link* link = nullptr;
  };

  // Opens a download, or goes on with it over another link.
  void Open(const std::string& digest, const Link& link, double offset = 0) {
    downloads_.try_emplace(digest, Download{.written = offset});
    downloads_[digest].link = &link;
  }
  Digests OpenMany(int count, const std::string& name, const Link& link) {
    Digests digests;
    for (int i = 0; i < count; ++i) {
      digests.push_back(absl::StrCat(name, i));
      Open(digests.back(), link);
    }
    return digests;
  }

  void List() {
    std::vector<OpenDownload> listed;
    for (const auto& [digest, download] : downloads_) {
      listed.push_back({digest, static_cast<int64_t>(download.written)});
    }
    detector_.Observe(now_, listed);
  }

  void PassASecond() {
    now_ = now_ + kSecond;
    std::map<const Link*, int> sharers;
    for (const auto& [digest, download] : downloads_) ++sharers[download.link];
    for (auto& [digest, download] : downloads_) {
      const Link* link = download.link;
      download.unwritten += link->bytes_per_second / sharers[link];
      const double rest = std::fmod(download.unwritten, kMiB);
      download.written += std::exchange(download.unwritten, rest) - rest;
    }
    List();
  }
  void Pass(int seconds) {
    for (int i = 0; i < seconds; ++i) PassASecond();
  }
  // 30 downloads at a time over a fast link, of which each lasts 3 s.
  void PassWithShortLayers(int times) {
    for (int i = 0; i < times; ++i) {
      OpenMany(30, absl::StrCat("short", i, "-"), kFast);
      Pass(2);
      downloads_.clear();
      PassASecond();
    }
  }

  // An attempt that begins now and knows its manifest.
  AttemptView AttemptOn(const Digests& blobs) {
    List();
    return {.started = now_, .blobs = &*blobs_.insert(blobs_.end(), blobs)};
  }
  // How long from now the verdict stays; an hour means for ever.
  absl::Duration TimeOf(Verdict verdict, const AttemptView& attempt) {
    const Instant begin = now_;
    while (detector_.Judge(attempt) == verdict && now_ < begin + kHour) {
      PassASecond();
    }
    return now_ - begin;
  }
  absl::Duration TimeUntilCut(const AttemptView& attempt) {
    const absl::Duration time = TimeOf(Verdict::kLeaveAlone, attempt);
    EXPECT_EQ(detector_.Judge(attempt), Verdict::kStalled);
    return time;
  }

  void Cut(Pull& pull) {
    Download& download = downloads_.at(pull.blobs[0]);
    download.written += std::exchange(download.unwritten, 0);
    List();
    const auto bytes = static_cast<int64_t>(download.written);
    const absl::Duration window = NextWindow(
        pull.window, kFive, bytes - pull.bytes_at_start, now_ - pull.started);
    pull = {pull.blobs, now_, window, bytes, pull.cuts + 1};
  }
  // Pulls an image of one layer for each digest.
  std::vector<Pull> Run(int seconds, const Digests& digests) {
    std::vector<Pull> pulls;
    for (const std::string& digest : digests) {
      pulls.push_back({.blobs = {digest}, .started = now_});
    }
    for (int i = 0; i < seconds; ++i) {
      PassASecond();
      for (Pull& pull : pulls) {
        AttemptView attempt = {.started = pull.started, .blobs = &pull.blobs};
        attempt.window = pull.window;
        if (detector_.Judge(attempt) == Verdict::kStalled) Cut(pull);
      }
    }
    return pulls;
  }

  Instant now_ = kBegin;
  std::map<std::string, Download> downloads_;
  std::deque<Digests> blobs_;  // of the attempts
  StallDetector detector_;
};

TEST_F(StallDetectorTest, CutsAStalledPullBesideFastOnes) {
  OpenMany(9, "fast", kFast);
  Open("stalled", kFast);
  const AttemptView attempt = AttemptOn({"stalled"});
  Pass(60);

  Open("stalled", kDead);

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, LetsATrickleThroughAfterAFewCuts) {
  const Link trickle{20e3};  // a step in 52 s
  OpenMany(9, "fast", kFast);
  const Pull pull = Run(3600, OpenMany(1, "trickle", trickle))[0];

  EXPECT_EQ(pull.cuts, 4);
  EXPECT_LE(pull.started, kBegin + absl::Seconds(5 + 10 + 20 + 40 + 4));
}

TEST_F(StallDetectorTest, StopsCuttingOnASlowLinkThatThirtyShareInStep) {
  const Link slow{1e6};  // for each a step in 31.5 s
  const std::vector<Pull> pulls = Run(1800, OpenMany(30, "layer", slow));

  EXPECT_THAT(pulls, Each(Field(&Pull::cuts, Le(3))));
  EXPECT_THAT(pulls, Each(Field(&Pull::started, Le(kBegin + kMinute))));
}

TEST_F(StallDetectorTest, CutsNothingOnASlowLinkThatThirtyShareOutOfStep) {
  const Link slow{1e6};
  const Digests layers = OpenMany(30, "layer", slow);
  for (int i = 0; i < 30; ++i) downloads_[layers[i]].unwritten = i * kMiB / 30;
  Pass(35);

  const std::vector<Pull> pulls = Run(1800, layers);

  EXPECT_THAT(pulls, Each(Field(&Pull::cuts, 0)));
}

TEST_F(StallDetectorTest, KnowsOneSlowDownloadFromTwentyDeadOnes) {
  const Link slow{300e3};  // a step in 3.5 s
  Open("slow", slow);
  const AttemptView dead = AttemptOn(OpenMany(20, "dead", kDead));
  const AttemptView alive = AttemptOn({"slow"});

  EXPECT_LE(TimeUntilCut(dead), absl::Seconds(16));
  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, alive), kHour);
}

TEST_F(StallDetectorTest, GivesTimeForFourStepsToWhatMovedLately) {
  const Link link{6 * kMiB};
  OpenMany(12, "layer", link);  // for each a step in 2 s
  Pass(60);
  EXPECT_EQ(detector_.RestLimit(kSecond), absl::Seconds(8));
  EXPECT_EQ(detector_.RestLimit(absl::Seconds(9)), absl::Seconds(9));

  OpenMany(11, "layer", kDead);
  Pass(30);
  EXPECT_EQ(detector_.RestLimit(kSecond), kSecond);
}

// Were each counted in full, 30 at a time would look like 300.
TEST_F(StallDetectorTest, IsNotMadePatientByManyShortLayers) {
  PassWithShortLayers(20);

  EXPECT_LE(detector_.RestLimit(kSecond), kFive);
}

TEST_F(StallDetectorTest, LeavesAPullAloneThatWaitsForALockOrASlot) {
  const Link slow{60e3};  // for each a step in 52 s
  OpenMany(3, "kubelet", slow);
  Pass(60);

  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, AttemptOn({"not begun"})), kHour);
}

TEST_F(StallDetectorTest, TimesAWaitingPullOutWhenTheNodeStandsStill) {
  OpenMany(3, "kubelet", kFast);
  Pass(60);
  const AttemptView attempt = AttemptOn({"not begun"});

  downloads_.clear();

  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, attempt), absl::Seconds(30));
  EXPECT_EQ(TimeOf(Verdict::kPlainTimeout, attempt), kHour);
}

TEST_F(StallDetectorTest, LetsALongUnpackRunOnAnIdleNode) {
  AttemptView attempt = AttemptOn({"big"});
  attempt.all_blobs_present = true;

  EXPECT_EQ(TimeOf(Verdict::kUnpacking, attempt), kHour);
}

TEST_F(StallDetectorTest, WaitsForTheRehashOfWhatACutAttemptLeftInTheList) {
  Open("big", kFast, 4e9);
  Pass(2);
  Open("big", kDead);
  Pass(60);

  EXPECT_EQ(TimeUntilCut(AttemptOn({"big"})), absl::Seconds(41) + kFive);
}

TEST_F(StallDetectorTest, WaitsNoLongerThanTheWindowOnceARehashIsOver) {
  Open("big", kDead, 4e9);
  const AttemptView attempt = AttemptOn({"big"});
  Pass(6);
  Open("big", kFast);
  PassASecond();
  EXPECT_TRUE(detector_.RoseSince("big", attempt.started));

  Open("big", kDead);

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, StartsTheWindowOfALeftoverWhenTheManifestIsKnown) {
  Open("leftover", kDead);
  AttemptView attempt = AttemptOn({"leftover"});
  Pass(20);

  attempt.blobs_known_since = now_;

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, StartsTheWindowOfALayerWhenItIsFirstSeen) {
  const AttemptView attempt = AttemptOn({"late"});
  Pass(60);

  Open("late", kDead);
  List();

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, GivesTheOtherLayersAWindowWhenOneHasFinished) {
  Open("finishing", kFast);
  Open("starved", kDead);
  const AttemptView attempt = AttemptOn({"finishing", "starved"});
  Pass(20);

  downloads_.erase("finishing");
  PassASecond();

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, LeavesAPullWithoutAManifestToThePlainTimeout) {
  OpenMany(9, "other", kFast);
  Pass(2);

  EXPECT_EQ(TimeOf(Verdict::kPlainTimeout, {.started = now_}), kHour);
}

// containerd 2.1 has three download slots for the whole node: what an earlier
// attempt left in the list may wait for one.
TEST_F(StallDetectorTest, LeavesALeftoverAloneWhileOthersHaveAllTheSlots) {
  detector_ = StallDetector(3);
  Open("leftover", kDead);
  OpenMany(3, "other", kFast);
  const AttemptView attempt = AttemptOn({"leftover"});
  const AttemptView other = AttemptOn({"other0"});
  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, attempt), kHour);

  Open("other0", kDead);  // had its slot
  EXPECT_EQ(TimeUntilCut(other), kFive);
  EXPECT_EQ(TimeUntilCut(attempt), absl::ZeroDuration());
}

TEST_F(StallDetectorTest, NoticesALonePullThatStallsAfterGoodProgress) {
  const Link link{1 * kMiB};
  Open("lone", link);
  const AttemptView attempt = AttemptOn({"lone"});
  Pass(10);

  Open("lone", kDead);

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, CountsASharedLayerForBothImages) {
  Open("shared", kFast);
  Open("dead", kDead);
  const AttemptView one = AttemptOn({"dead", "shared"});
  const AttemptView other = AttemptOn({"shared", "not begun"});
  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, one), kHour);
  EXPECT_EQ(TimeOf(Verdict::kLeaveAlone, other), kHour);

  Open("shared", kDead);

  EXPECT_EQ(TimeUntilCut(one), kFive);
  EXPECT_EQ(TimeUntilCut(other), absl::ZeroDuration());
}

TEST_F(StallDetectorTest, TakesNoPauseOfTheListingsForSpeed) {
  const Link slow{1 * kMiB};
  const Digests layers = OpenMany(8, "layer", slow);
  Pass(40);

  now_ = now_ + 10 * kMinute;
  for (const std::string& layer : layers) downloads_[layer].written += 1e9;
  List();
  Pass(8);

  EXPECT_EQ(detector_.RestLimit(kSecond), absl::Seconds(32));
}

TEST_F(StallDetectorTest, TakesNoRestThatIsWrittenDownAtACutForSpeed) {
  Open("dead", kDead);
  OpenMany(8, "cut", kDead);
  const AttemptView attempt = AttemptOn({"dead"});
  for (auto& [digest, download] : downloads_) {
    if (digest != "dead") download.written = 200e3;
  }

  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

TEST_F(StallDetectorTest, BeginsAnewWithADownloadWhoseOffsetWentBack) {
  Open("restarted", kFast);
  const AttemptView attempt = AttemptOn({"restarted"});
  Pass(20);
  Open("restarted", kDead);
  Pass(4);

  downloads_["restarted"].written = 0;
  List();

  EXPECT_FALSE(detector_.RoseSince("restarted", attempt.started));
  EXPECT_EQ(TimeUntilCut(attempt), kFive);
}

// Work that grows with the square of their number would take minutes.
TEST_F(StallDetectorTest, KeepsUpWithThousandsOfDownloads) {
  const Link link{20e9};
  const AttemptView attempt = AttemptOn(OpenMany(20'000, "layer", link));

  Pass(20);

  EXPECT_EQ(detector_.Judge(attempt), Verdict::kLeaveAlone);
}

}  // namespace
}  // namespace prepull
