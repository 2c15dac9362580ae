#include "prepull/kube/watch_step.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

constexpr absl::Duration kListEvery = absl::Minutes(30);
// The server ends a watch after so many seconds, by chance so that not all
// clients come back at once.
constexpr int kMinWatchSeconds = 290;
constexpr int kMaxWatchSeconds = 420;
// A connection that has died half-open would be silent for ever.
constexpr absl::Duration kIdleGrace = absl::Seconds(15);
// An object has at most 1.5 MiB in the server's store.
constexpr size_t kMaxLineBytes = 4 << 20;

constexpr absl::Duration kFirstBackOff = absl::Milliseconds(800);
constexpr absl::Duration kMaxBackOff = absl::Seconds(30);
// Longer than it takes to find that there is no server.
constexpr absl::Duration kHoldsAfter = absl::Seconds(15);
// What a person has to put right: a role, a missing CRD.
constexpr absl::Duration kAfterForbidden = absl::Seconds(30);
// A server's word counts, but not for a day.
constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);

constexpr size_t kMaxShownBytes = 300;

struct ObjectIdentity {
  std::string key;
  std::string uid;
  std::string version;
};

// Nothing if it has no name or no version.
std::optional<ObjectIdentity> IdentityOf(JsonValue object) {
  const JsonValue metadata = object["metadata"];
  const std::string name = metadata["name"].StringOrEmpty();
  const std::string in = metadata["namespace"].StringOrEmpty();
  ObjectIdentity identity = {
      .key = in.empty() ? name : absl::StrCat(in, "/", name),
      .uid = metadata["uid"].StringOrEmpty(),
      .version = metadata["resourceVersion"].StringOrEmpty()};
  if (name.empty() || identity.version.empty()) return std::nullopt;
  return identity;
}

// The server lags behind the one that named the version, or its store is from
// a backup: https://github.com/vllm-project/production-stack/issues/999
bool SaysVersionTooLarge(absl::string_view message) {
  return absl::StrContains(message, "Too large resource version");
}

std::string Sentence(int code, absl::string_view message) {
  return absl::StrCat("the API server answered ", code,
                      message.empty() ? "" : ": ", message);
}

}  // namespace

WatchStep::WatchStep(KubeCollection collection, KeepFields keep,
                     RollDice roll_dice)
    : collection_(std::move(collection)),
      keep_(std::move(keep)),
      roll_dice_(std::move(roll_dice)) {}

WatchQuestion WatchStep::Next(Instant now) {
  WatchQuestion question = {.delay =
                                std::exchange(delay_, absl::ZeroDuration())};
  asked_at_ = now + question.delay;
  if (asked_at_ >= next_list_) is_watching_ = false;
  is_given_up_ = false;
  if (is_watching_) {
    const int range = kMaxWatchSeconds - kMinWatchSeconds + 1;
    const int seconds =
        kMinWatchSeconds + static_cast<int>(roll_dice_() * range);
    question.kind = WatchQuestion::Kind::kWatch;
    question.query =
        absl::StrCat("?watch=1&allowWatchBookmarks=true&resourceVersion=",
                     PercentEncoded(version_), "&timeoutSeconds=", seconds);
    question.idle = absl::Seconds(seconds) + kIdleGrace;
    question.until = next_list_;
  } else {
    question.query = absl::StrCat("?limit=", kObjectsPerPage);
    if (!continue_.empty()) {
      absl::StrAppend(&question.query, "&continue=", PercentEncoded(continue_));
    } else if (!version_.empty()) {
      absl::StrAppend(&question.query,
                      "&resourceVersionMatch=NotOlderThan&resourceVersion=",
                      PercentEncoded(version_));
    }
  }
  absl::StrAppend(&question.query, SelectorsOf(collection_));
  return question;
}

void WatchStep::OnPage(absl::string_view body, Instant now) {
  TakeAsConnected();
  const absl::Status read = ReadPage(body, now);
  if (read.ok()) return;
  problem_ =
      absl::StrCat("list of ", collection_.resource, ": ", read.message());
  ListAnew();
  BackOff();
}

absl::Status WatchStep::ReadPage(absl::string_view body, Instant now) {
  ASSIGN_OR_RETURN(const JsonDocument page, JsonDocument::ParseObject(body));
  const std::string version =
      page["metadata"]["resourceVersion"].StringOrEmpty();
  // An empty list of Go is null.
  const bool is_list = page["items"].is_array() || page["items"].is_unset();
  if (version.empty() || !is_list) {
    return absl::InvalidArgumentError("the answer is no list");
  }
  for (const JsonValue item : page["items"].elements()) {
    const std::optional<ObjectIdentity> identity = IdentityOf(item);
    if (!identity) {
      return absl::InvalidArgumentError("an object has no name or no version");
    }
    pages_[identity->key] = {.value = keep_(item),
                             .resource_version = identity->version,
                             .uid = identity->uid};
  }
  const std::string next = page["metadata"]["continue"].StringOrEmpty();
  if (next.empty()) {
    CompleteList(version, now);
    return absl::OkStatus();
  }
  if (next == continue_) {
    return absl::InvalidArgumentError("the next page is the same again");
  }
  continue_ = next;
  return absl::OkStatus();
}

void WatchStep::CompleteList(const std::string& version, Instant now) {
  for (const auto& [key, object] : store_) changed_.insert(key);
  for (const auto& [key, object] : pages_) changed_.insert(key);
  store_ = std::exchange(pages_, {});
  continue_.clear();
  version_ = version;
  is_listed_ = true;
  is_watching_ = true;
  next_list_ = now + kListEvery;
  problem_.clear();
}

absl::Status WatchStep::OnPiece(absl::string_view piece) {
  TakeAsConnected();
  while (!is_given_up_) {
    const size_t end = piece.find('\n');
    const absl::string_view part = piece.substr(0, end);
    if (half_line_.size() + part.size() > kMaxLineBytes) {
      return GiveUpWatch("an event is larger than 4 MiB");
    }
    if (end == absl::string_view::npos) {
      half_line_.append(part.data(), part.size());
      return absl::OkStatus();
    }
    piece.remove_prefix(end + 1);
    if (half_line_.empty()) {
      RETURN_IF_ERROR(OnLine(part));
    } else {
      half_line_.append(part.data(), part.size());
      RETURN_IF_ERROR(OnLine(std::exchange(half_line_, "")));
    }
  }
  return absl::AbortedError("the watch is over");
}

absl::Status WatchStep::OnLine(absl::string_view line) {
  if (absl::StripSuffix(line, "\r").empty()) return absl::OkStatus();
  const absl::StatusOr<JsonDocument> event = JsonDocument::ParseObject(line);
  if (!event.ok()) {
    return GiveUpWatch(std::string(event.status().message()));
  }
  const std::string type = (*event)["type"].StringOrEmpty();
  if (type == "ERROR") return OnErrorEvent((*event)["object"]);
  return OnObjectEvent(type, (*event)["object"]);
}

absl::Status WatchStep::OnErrorEvent(JsonValue status) {
  const int64_t code = status["code"].integer().value_or(0);
  const std::string message =
      Printable(status["message"].StringOrEmpty(), kMaxShownBytes);
  // A server that has forgotten a version is not a fault of anybody.
  if (code == 410) {
    ListAnew();
    is_given_up_ = true;
    return absl::AbortedError("the version has expired");
  }
  return GiveUpWatch(
      absl::StrCat("error ", code, message.empty() ? "" : ": ", message));
}

absl::Status WatchStep::OnObjectEvent(absl::string_view type,
                                      JsonValue object) {
  if (type == "BOOKMARK") {
    const std::string version =
        object["metadata"]["resourceVersion"].StringOrEmpty();
    if (!version.empty()) version_ = version;
    ForgetFailures();
    return absl::OkStatus();
  }
  const std::optional<ObjectIdentity> identity = IdentityOf(object);
  if (!identity) return GiveUpWatch("an object has no name or no version");
  const auto kept = [&] {
    return WatchedObject{.value = keep_(object),
                         .resource_version = identity->version,
                         .uid = identity->uid};
  };
  if (type == "ADDED" || type == "MODIFIED") {
    store_[identity->key] = kept();
    changed_.insert(identity->key);
  } else if (type == "DELETED") {
    const auto found = store_.find(identity->key);
    // The name may have a new bearer by now.
    if (found != store_.end() && found->second.uid == identity->uid) {
      deleted_[identity->key] = kept();
      store_.erase(found);
      changed_.insert(identity->key);
    }
  } else {
    return GiveUpWatch(
        absl::StrCat("unknown event \"", Printable(type, 64), "\""));
  }
  version_ = identity->version;
  ForgetFailures();
  return absl::OkStatus();
}

// Something may have been missed, so that only a list can help.
absl::Status WatchStep::GiveUpWatch(const std::string& why) {
  problem_ = absl::StrCat("watch of ", collection_.resource, ": ", why);
  ListAnew();
  is_given_up_ = true;
  return absl::AbortedError(problem_);
}

void WatchStep::OnEnd(const absl::Status& how, Instant now) {
  half_line_.clear();
  if (how.ok()) TakeAsConnected();
  // The server was to end the watch before.
  const bool was_silent = absl::IsDeadlineExceeded(how) && now < next_list_;
  const bool has_held =
      is_watching_ && !was_silent && now - asked_at_ >= kHoldsAfter;
  // One lost connection is nothing.
  const bool is_problem = !how.ok() && (!is_watching_ || failures_ > 0);
  if (has_held) {
    ForgetFailures();
  } else if (is_problem && !is_given_up_) {
    problem_ =
        absl::StrCat(verb(), " of ", collection_.resource, ": ", how.message());
  }
  BackOff();
}

void WatchStep::OnRefusal(const KubeRefusal& refusal) {
  half_line_.clear();
  const int code = refusal.http_status;
  const absl::Duration asked = std::min(refusal.retry_after, kMaxRetryAfter);
  problem_ = absl::StrCat(verb(), " of ", collection_.resource, ": ",
                          Sentence(code, refusal.message));
  if (code == 401 && !std::exchange(is_refused_, true)) {
    // The token may have been replaced between the reading and the asking.
    delay_ = absl::ZeroDuration();
  } else if (code == 403 || code == 404) {
    if (code == 403) {
      absl::StrAppend(&problem_, " (the account needs ",
                      RightTo(absl::StrCat("\"", verb(), "\""), collection_),
                      ")");
    }
    BackOff(kAfterForbidden);
  } else if (code == 401 || code == 429 ||
             (code / 100 == 5 && !SaysVersionTooLarge(refusal.message))) {
    BackOff(asked);
  } else {
    if (code == 410) problem_.clear();
    ListAnew();
    BackOff(asked);
  }
}

std::set<std::string> WatchStep::TakeChanges() {
  return std::exchange(changed_, {});
}

std::any WatchStep::TakeValue(const std::string& key) {
  const auto found = store_.find(key);
  if (found == store_.end()) return {};
  return std::exchange(found->second.value, {});
}

WatchStore WatchStep::TakeDeleted() { return std::exchange(deleted_, {}); }

// What was asked by version is wrong now, so none is named.
void WatchStep::ListAnew() {
  is_watching_ = false;
  version_.clear();
  continue_.clear();
  pages_.clear();
  half_line_.clear();
}

void WatchStep::BackOff(absl::Duration at_least) {
  const absl::Duration doubled =
      std::min(kFirstBackOff * std::exp2(failures_), kMaxBackOff);
  failures_ = std::min(failures_ + 1, 16);
  delay_ = std::max(doubled * (1.0 - 0.5 * roll_dice_()), at_least);
}

void WatchStep::TakeAsConnected() { is_refused_ = false; }

void WatchStep::ForgetFailures() {
  failures_ = 0;
  problem_.clear();
}

absl::string_view WatchStep::verb() const {
  return is_watching_ ? "watch" : "list";
}

}  // namespace prepull
