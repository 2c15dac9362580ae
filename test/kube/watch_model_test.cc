// Random histories on a model of an API server, with all the faults that it and
// the network between may have; once it is quiet the copy equals its objects.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "prepull/kube/watch_step.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Kind = WatchQuestion::Kind;

struct ModelObject {
  int version = 0;
  int uid = 0;

  friend bool operator==(const ModelObject&, const ModelObject&) = default;
};
using ModelObjects = std::map<std::string, ModelObject>;

bool Has(const ModelObjects& objects, const std::string& name,
         const ModelObject& object) {
  const auto found = objects.find(name);
  return found != objects.end() && found->second == object;
}

// The number behind `key` in a query, or 0.
int NumberIn(absl::string_view query, absl::string_view key) {
  const size_t at = query.find(absl::StrCat("&", key, "="));
  if (at == absl::string_view::npos) return 0;
  absl::string_view digits = query.substr(at + key.size() + 2);
  digits = digits.substr(0, digits.find('&'));
  int number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(digits, &number)) << query;
  return number;
}

std::string ModelText(const std::string& name, const ModelObject& object) {
  return absl::StrCat(R"({"metadata":{"namespace":"t","name":")", name,
                      R"(","resourceVersion":")", object.version,
                      R"(","uid":")", object.uid, R"("},"v":")", object.version,
                      "\"}");
}

// Objects with their history, as an API server over etcd keeps them.
class ModelServer {
 public:
  explicit ModelServer(std::mt19937& chance) : chance_(chance) {}

  void Change() {
    const std::string name = absl::StrCat("o", chance_() % 12);
    const auto found = objects_.find(name);
    ++version_;
    if (found == objects_.end()) {
      objects_[name] = {.version = version_, .uid = version_};
      Record("ADDED", name, objects_[name]);
    } else if (chance_() % 3 == 0) {
      found->second.version = version_;
      Record("DELETED", name, found->second);
      deletions_[name] = found->second;
      objects_.erase(found);
    } else {
      found->second.version = version_;
      Record("MODIFIED", name, found->second);
    }
  }

  void Compact() { compacted_ = version_; }

  // As after a restore of an older backup: versions begin lower again.
  void Restore() {
    version_ = std::max(1, version_ / 2);
    std::erase_if(history_,
                  [this](const auto& event) { return event.first > version_; });
    for (auto& [name, object] : objects_) {
      object.version = std::min(object.version, version_);
    }
    compacted_ = version_;
  }

  bool HasExpired(int version) const { return version < compacted_; }
  bool IsAhead(int version) const { return version > version_; }

  // A page of two objects; `from` counts those before it.
  std::string Page(int from) const {
    std::vector<std::string> items;
    int at = 0;
    for (const auto& [name, object] : objects_) {
      if (at >= from && at < from + 2) items.push_back(ModelText(name, object));
      ++at;
    }
    const int next = from + 2;
    return absl::StrCat(R"({"metadata":{"resourceVersion":")", version_,
                        R"(","continue":")",
                        next < at ? absl::StrCat(next) : "", R"("},"items":[)",
                        absl::StrJoin(items, ","), "]}");
  }

  std::vector<std::string> EventsAfter(int version) const {
    std::vector<std::string> events;
    for (const auto& [at, event] : history_) {
      if (at > version) events.push_back(event);
    }
    return events;
  }

  const ModelObjects& objects() const { return objects_; }
  // The newest of each name.
  const ModelObjects& deletions() const { return deletions_; }
  int version() const { return version_; }

 private:
  void Record(const std::string& type, const std::string& name,
              const ModelObject& object) {
    history_.emplace_back(version_,
                          absl::StrCat(R"({"type":")", type, R"(","object":)",
                                       ModelText(name, object), "}\n"));
  }

  std::mt19937& chance_;
  ModelObjects objects_;
  ModelObjects deletions_;
  std::vector<std::pair<int, std::string>> history_;
  int version_ = 1;
  int compacted_ = 0;
};

// The network and the clock between a step and a server.
class World {
 public:
  explicit World(int seed) : chance_(seed) {}

  void RunWithFaults(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (int n = Below(4); n > 0; --n) server_.Change();
      if (Below(10) == 0) server_.Compact();
      if (Below(60) == 0) server_.Restore();
      Round(true);
    }
  }

  // No change and no fault any more, until a list is in and a watch behind it.
  void BecomeQuiet() {
    now_ = now_ + absl::Minutes(31);
    const int lists = lists_;
    for (int i = 0; i < 100 && (lists_ == lists || !was_watch_); ++i) {
      Round(false);
    }
    EXPECT_TRUE(was_watch_);
  }

  // One change without faults, and all that is asked until a watch has ended.
  // Returns whether it was told by events alone.
  bool Follow() {
    const int lists = lists_;
    server_.Change();
    do {
      Round(false);
    } while (!was_watch_);
    return lists_ == lists;
  }

  ModelObjects Copy() const { return ObjectsOf(step_.store()); }
  // The newest last words of each name.
  const ModelObjects& LastWords() const { return last_words_; }
  const ModelObjects& Deletions() const { return server_.deletions(); }
  const ModelObjects& Truth() const { return server_.objects(); }
  absl::Duration ShortestPause() const { return shortest_pause_; }
  // What its reader would have who takes the changes only.
  const std::map<std::string, std::string>& Followed() const {
    return followed_;
  }

 private:
  static ModelObjects ObjectsOf(const WatchStore& store) {
    ModelObjects objects;
    for (const auto& [key, object] : store) {
      ModelObject& into = objects[std::string(absl::StripPrefix(key, "t/"))];
      EXPECT_TRUE(absl::SimpleAtoi(object.resource_version, &into.version));
      EXPECT_TRUE(absl::SimpleAtoi(object.uid, &into.uid));
      EXPECT_EQ(std::any_cast<std::string>(object.value),
                object.resource_version);
    }
    return objects;
  }

  int Below(int limit) { return static_cast<int>(chance_() % limit); }

  void Round(bool has_faults) {
    const WatchQuestion question = step_.Next(now_);
    now_ = now_ + question.delay;
    if (is_after_failure_) {
      shortest_pause_ = std::min(shortest_pause_, question.delay);
    }
    was_watch_ = question.kind == Kind::kWatch;
    is_after_failure_ = true;
    if (has_faults && Below(6) == 0) {
      Fail();
    } else if (was_watch_) {
      Watch(question.query, has_faults);
    } else {
      List(question.query, has_faults);
    }
    FollowChanges();
  }

  void Fail() {
    const int codes[] = {410, 429, 500, 503, 504};
    if (const int which = Below(6); which < 5) {
      step_.OnRefusal({.http_status = codes[which]});
    } else {
      step_.OnEnd(absl::UnavailableError("reset"), now_);
    }
  }

  void RefuseAsAhead() {
    step_.OnRefusal({504, "Timeout: Too large resource version"});
  }

  void List(const std::string& query, bool has_faults) {
    const int version = NumberIn(query, "resourceVersion");
    const int from = NumberIn(query, "continue");
    if (server_.IsAhead(version)) return RefuseAsAhead();
    if (from == 0) listed_from_ = server_.version();
    // A continued list is one of a version; the model keeps no old ones.
    if (from > 0 && listed_from_ != server_.version()) {
      return step_.OnRefusal({.http_status = 410});
    }
    std::string page = server_.Page(from);
    const bool is_last = absl::StrContains(page, R"("continue":"")");
    is_after_failure_ = has_faults && Below(10) == 0;
    if (is_after_failure_) page.resize(Below(page.size()));
    step_.OnPage(page, now_);
    if (is_last && !is_after_failure_) ++lists_;
  }

  void Watch(const std::string& query, bool has_faults) {
    const int version = NumberIn(query, "resourceVersion");
    if (server_.IsAhead(version)) return RefuseAsAhead();
    if (server_.HasExpired(version)) return Expire();
    std::vector<std::string> events = server_.EventsAfter(version);
    if (has_faults) Spoil(events);
    std::string text = absl::StrJoin(events, "");
    const bool is_cut = has_faults && Below(2) == 0 && !text.empty();
    if (is_cut) text.resize(Below(text.size()));
    const absl::Status fed = Feed(text);
    now_ = now_ + absl::Seconds(Below(300));
    step_.OnEnd(is_cut ? absl::UnavailableError("reset") : fed, now_);
  }

  // In one of its two forms.
  void Expire() {
    if (Below(2) == 0) return step_.OnRefusal({.http_status = 410});
    const absl::Status fed =
        Feed(R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
             "\n");
    EXPECT_THAT(fed, StatusIs(absl::StatusCode::kAborted));
    step_.OnEnd(fed, now_);
  }

  // Some events come twice, in another order, late or not at all.
  void Spoil(std::vector<std::string>& events) {
    if (events.empty()) return;
    const size_t one = Below(events.size());
    const size_t other = Below(events.size());
    switch (Below(6)) {
      case 0:
        events.push_back(events[one]);
        break;
      case 1:
        std::swap(events[one], events[other]);
        break;
      case 2:
        events.resize(one);
        break;
      case 3:
        events[one] = R"({"type":"BOOKMARK","object":{"metadata":{)"
                      R"("resourceVersion":"1"}}})"
                      "\n";
        break;
      default:
        break;
    }
  }

  absl::Status Feed(absl::string_view text) {
    while (!text.empty()) {
      const absl::string_view piece = text.substr(0, 1 + Below(200));
      text.remove_prefix(piece.size());
      const absl::Status fed = step_.OnPiece(piece);
      if (!fed.ok()) return fed;
    }
    return absl::OkStatus();
  }

  void FollowChanges() {
    for (const std::string& key : step_.TakeChanges()) {
      const auto found = step_.store().find(key);
      if (found == step_.store().end()) {
        followed_.erase(key);
      } else {
        followed_[key] = found->second.resource_version;
      }
    }
    for (const auto& [name, object] : ObjectsOf(step_.TakeDeleted())) {
      last_words_[name] = object;
    }
  }

  std::mt19937 chance_;
  ModelServer server_{chance_};
  Instant now_;
  WatchStep step_{{.resource = "jobs"},
                  [](JsonValue object) { return object["v"].StringOrEmpty(); },
                  [this] { return Below(1000) / 1000.0; }};
  std::map<std::string, std::string> followed_;
  ModelObjects last_words_;
  bool was_watch_ = false;
  bool is_after_failure_ = false;
  int listed_from_ = 0;
  int lists_ = 0;
  absl::Duration shortest_pause_ = absl::InfiniteDuration();
};

class WatchModelTest : public testing::TestWithParam<int> {};

TEST_P(WatchModelTest, EqualsTheServerOnceItIsQuiet) {
  for (int i = 0; i < 50; ++i) {
    World world(GetParam() * 1000 + i);

    world.RunWithFaults(80);
    world.BecomeQuiet();

    ASSERT_EQ(world.Copy(), world.Truth()) << "seed " << i;
    ASSERT_EQ(world.Followed().size(), world.Copy().size());
    for (const auto& [name, object] : world.Copy()) {
      ASSERT_EQ(world.Followed().at("t/" + name), absl::StrCat(object.version));
    }
    ASSERT_GE(world.ShortestPause(), absl::Milliseconds(400));
  }
}

TEST_P(WatchModelTest, EqualsTheServerByEventsAlone) {
  World world(GetParam());
  world.BecomeQuiet();
  int deletions = 0;

  for (int i = 0; i < 100; ++i) {
    const ModelObjects known = world.Deletions();
    const bool by_events = world.Follow();

    ASSERT_EQ(world.Copy(), world.Truth());
    for (const auto& [name, object] : world.Deletions()) {
      if (!by_events || Has(known, name, object)) continue;
      ASSERT_TRUE(Has(world.LastWords(), name, object)) << name;
      ++deletions;
    }
  }
  EXPECT_GT(deletions, 5);
}

INSTANTIATE_TEST_SUITE_P(Seeds, WatchModelTest, testing::Range(0, 10));

}  // namespace
}  // namespace prepull
