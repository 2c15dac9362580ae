// A run of the engine against a scripted runtime on a fake clock, and the
// errors that runtimes really report.
#ifndef PREPULL_TEST_PULL_ENGINE_FIXTURE_H_
#define PREPULL_TEST_PULL_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/pull/engine.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_runtime.h"

namespace prepull {

inline absl::Status Refused() {
  return absl::UnknownError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to do request: "
      "Head \"https://quay.io/v2/a/manifests/1\": dial tcp 10.0.0.1:443: "
      "connect: connection refused");
}

inline absl::Status Missing() {
  return absl::NotFoundError(
      "failed to pull and unpack image \"quay.io/a:1\": failed to resolve "
      "reference \"quay.io/a:1\": quay.io/a:1: not found");
}

inline absl::Status RateLimited(const std::string& words = "") {
  return absl::UnknownError(absl::StrCat(
      "failed to pull and unpack image \"quay.io/a:1\": unexpected status from "
      "HEAD request to https://quay.io/v2/a/manifests/1: 429 Too Many Requests",
      words.empty() ? "" : "\n", words));
}

inline absl::Status LeaseGone() {
  return absl::NotFoundError(
      "failed to pull and unpack image \"quay.io/a:1\": lease does not exist: "
      "not found");
}

inline absl::Status DiskFull() {
  return absl::UnknownError(
      "failed to extract layer sha256:11: mount callback failed on /tmp/x: "
      "write /tmp/x/y: no space left on device: unknown");
}

// Sees each image's end, as a reader of the report would, and how often the
// engine turns.
class Witness : public RunObserver {
 public:
  void OnEnded(const Run&, const ImageOutcome& image) override {
    ends.push_back(absl::StrCat(StateName(image.state), " ", image.image));
    last_told[&image] = absl::StrCat(ends.back(), " ", ReasonName(image.reason),
                                     ": ", image.message);
  }
  void OnRetry(const Run&, const ImageOutcome&, absl::Duration delay) override {
    retries.push_back(delay);
  }
  void OnRunEnded(const Run&) override {
    if (at_the_end) at_the_end();
  }
  Instant OnTurn(const Run&, Instant now) override {
    if (turns++ > 0) longest_rest = std::max(longest_rest, now - last_turn);
    last_turn = now;
    // A wait that is over before it began would turn the engine for ever.
    if (turns > kMostTurns) std::abort();
    return now + wants_to_be_called;
  }
  std::vector<std::string> ends;
  std::map<const ImageOutcome*, std::string> last_told;
  std::vector<absl::Duration> retries;
  int turns = 0;
  std::function<void()> at_the_end;  // called when the run has ended
  Instant last_turn;
  absl::Duration longest_rest;  // between two turns
  // As one does that draws a picture of the run.
  absl::Duration wants_to_be_called = absl::InfiniteDuration();

 private:
  static constexpr int kMostTurns = 100'000;
};

class EngineTest : public testing::Test {
 protected:
  // Runs a fetch of `images` to its end.
  void Fetch(const std::vector<std::string>& images) {
    std::vector<ImageRequest> requests;
    for (const std::string& image : images) {
      requests.push_back({image, "images.txt:1", Reference::Parse(image)});
    }
    FetchRequests(requests);
  }

  void FetchRequests(const std::vector<ImageRequest>& requests) {
    before_.given.start = clock_.Now();
    before_.given.overall_timeout = overall_timeout_;
    run_ = prepull::Run::Restore(before_);
    EnterList(requests, run_);
    FetchImages(requests, options_,
                {.runtime = runtime_,
                 .clock = clock_,
                 .roll_dice = roll_dice_,
                 .observer = witness_,
                 .credentials = credentials_,
                 .manifests = manifests_,
                 .connections = connections_,
                 .committed_layers = committed_layers_,
                 .free_bytes = free_bytes_},
                stop_.get_token(), run_);
    ExpectThatTheReportSaysWhatWasTold();
  }

  void ExpectThatTheReportSaysWhatWasTold() {
    for (const ImageOutcome& image : run_.images()) {
      EXPECT_EQ(witness_.last_told[&image],
                absl::StrCat(StateName(image.state), " ", image.image, " ",
                             ReasonName(image.reason), ": ", image.message));
    }
  }

  void StopAfter(absl::Duration d) {
    clock_.After(d, [this] { stop_.request_stop(); });
  }

  // When the attempts at `image` began, since the start of the run.
  std::vector<absl::Duration> AttemptsAt(const std::string& image) {
    std::vector<absl::Duration> starts;
    for (const FakeRuntime::Call& call : runtime_.CallsFor(image)) {
      starts.push_back(call.started - run_.start());
    }
    return starts;
  }

  absl::Duration Elapsed() const { return clock_.Now() - run_.start(); }

  const ImageOutcome& image(size_t i) const { return run_.images()[i]; }

  FakeClock clock_;
  FakeRuntime runtime_{clock_};
  Witness witness_;
  PullOptions options_;
  RollDice roll_dice_ = [] { return 0.0; };
  CredentialFinder* credentials_ = nullptr;
  ManifestReader* manifests_ = nullptr;
  Connections* connections_ = nullptr;
  CommittedLayers* committed_layers_ = nullptr;
  std::optional<int64_t> free_bytes_ = std::nullopt;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  std::stop_source stop_;
  RunRecord before_;  // what is known of a run before its list is
  prepull::Run run_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_PULL_ENGINE_FIXTURE_H_
