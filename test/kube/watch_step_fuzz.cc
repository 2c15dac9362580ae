// Whatever a server answers: the step says what to ask next, waits after
// failures, and a list makes its copy right.
//
// The first byte of each round says what happens, the second how many of the
// bytes behind it are the text of that.
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/kube/watch_step.h"
#include "test/support/require.h"

namespace prepull {
namespace {

class Bytes {
 public:
  explicit Bytes(absl::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  int Byte() { return empty() ? 0 : static_cast<uint8_t>(Take(1)[0]); }
  absl::string_view Text() { return Take(4 * static_cast<size_t>(Byte())); }

 private:
  absl::string_view Take(size_t size) {
    const absl::string_view taken = text_.substr(0, size);
    text_.remove_prefix(taken.size());
    return taken;
  }

  absl::string_view text_;
};

class Driver {
 public:
  explicit Driver(absl::string_view text) : bytes_(text) {}

  void Run() {
    while (!bytes_.empty()) Round();
    Repair();
  }

 private:
  WatchQuestion Ask() {
    WatchQuestion question = step_.Next(now_);
    Require(question.delay >= absl::ZeroDuration() &&
                question.delay <= absl::Minutes(5),
            "a delay is bounded");
    Require(!may_hurry_ ? question.delay >= absl::Milliseconds(400) : true,
            "a failure is followed by a delay");
    Require(question.kind == WatchQuestion::Kind::kPage ||
                (step_.is_listed() && question.idle <= absl::Seconds(435)),
            "a watch follows a list and ends");
    now_ = now_ + question.delay;
    return question;
  }

  void Round() {
    const bool is_watch = Ask().kind == WatchQuestion::Kind::kWatch;
    const int what = bytes_.Byte();
    may_hurry_ = false;
    if (what % 4 == 0) {
      const int code = 300 + bytes_.Byte();
      may_hurry_ = code == 401;
      step_.OnRefusal({code, Printable(bytes_.Text(), 300),
                       absl::Seconds(bytes_.Byte() * 10)});
    } else if (is_watch) {
      Watch(what / 4 % 8);
      now_ = now_ + absl::Seconds(what);
      step_.OnEnd(
          what % 4 == 1 ? absl::OkStatus() : absl::UnavailableError("reset"),
          now_);
    } else if (what % 4 == 1) {
      step_.OnEnd(absl::UnavailableError("reset"), now_);
    } else {
      step_.OnPage(bytes_.Text(), now_);
      may_hurry_ = true;
    }
    Require(Printable(step_.problem(), 2048) == step_.problem(),
            "a problem can be shown");
    const std::set<std::string> changed = step_.TakeChanges();
    for (const auto& [key, object] : step_.TakeDeleted()) {
      Require(changed.count(key) == 1, "what is deleted has changed");
      Require(!object.resource_version.empty() && object.value.has_value(),
              "what is deleted has last words");
    }
  }

  void Watch(int pieces) {
    for (int i = 0; i <= pieces; ++i) {
      if (!step_.OnPiece(bytes_.Text()).ok()) return;
    }
  }

  void Repair() {
    now_ = now_ + absl::Hours(1);
    while (Ask().kind == WatchQuestion::Kind::kWatch) {
      may_hurry_ = false;
      step_.OnEnd(absl::OkStatus(), now_);
    }
    // As a list that was under way may be expired, it is begun anew.
    step_.OnRefusal({.http_status = 410});
    step_.Next(now_);
    step_.OnPage(
        R"({"metadata":{"resourceVersion":"9"},"items":[
            {"metadata":{"name":"a","resourceVersion":"8"}}]})",
        now_);
    Require(step_.store().size() == 1 &&
                step_.store().at("a").resource_version == "8",
            "a list makes the copy right");
    Require(step_.problem().empty(), "a list ends a problem");
  }

  Bytes bytes_;
  Instant now_;
  bool may_hurry_ = true;
  WatchStep step_{{.resource = "jobs"},
                  [](JsonValue object) { return object["spec"].size(); },
                  [] { return 0.5; }};
};

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Driver({reinterpret_cast<const char*>(bytes), size}).Run();
  return 0;
}
