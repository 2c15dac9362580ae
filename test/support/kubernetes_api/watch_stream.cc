#include "test/support/kubernetes_api/watch_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

using Kind = KubernetesFault::Kind;

constexpr absl::Duration kBookmarkEvery = absl::Minutes(1);
// What a server takes that is told no time.
constexpr int kDefaultWatchSeconds = 30 * 60;
constexpr size_t kPieceBytes = 256 << 10;

std::string EventLine(absl::string_view type, absl::string_view object) {
  return absl::StrCat(R"({"type":")", type, R"(","object":)", object, "}\n");
}

std::string ErrorLine(int code) {
  return EventLine("ERROR",
                   StatusText(code, ReasonOf(code),
                              code == 410 ? "too old resource version"
                                          : "the fake API server says so"));
}

}  // namespace

absl::StatusOr<WatchStream> WatchStream::Open(const ApiRequest& request,
                                              const ObjectStore& store,
                                              KubernetesFault fault,
                                              Instant now) {
  WatchStream stream(store);
  stream.collection_ = request.collection();
  stream.resource_ = *FindApiResource(stream.collection_);
  stream.name_space_ = request.name_space;
  ASSIGN_OR_RETURN(stream.selector_,
                   Selector::Parse(request.Query("labelSelector"),
                                   request.Query("fieldSelector")));
  stream.has_bookmarks_ = request.Query("allowWatchBookmarks") == "true";
  stream.fault_ = std::move(fault);
  const std::string version = request.Query("resourceVersion");
  if (version.empty() || version == "0") {
    stream.version_ = store.version();
    stream.AddAll(request.name_space);
  } else if (!absl::SimpleAtoi(version, &stream.version_)) {
    return absl::InvalidArgumentError("Invalid value: resourceVersion");
  }
  stream.was_expired_ = store.IsCompacted(stream.collection_, stream.version_);
  int seconds = 0;
  if (!absl::SimpleAtoi(request.Query("timeoutSeconds"), &seconds)) {
    seconds = kDefaultWatchSeconds;
  }
  stream.ends_at_ = now + absl::Seconds(seconds);
  stream.next_bookmark_ =
      stream.has_bookmarks_ ? now + kBookmarkEvery : Instant::Never();
  return stream;
}

// A watch from nowhere begins with all that there is.
void WatchStream::AddAll(const std::string& name_space) {
  const auto objects = store_->ListAt(collection_, version_);
  for (const auto& [key, object] : *objects) {
    const bool is_mine =
        (name_space.empty() || object->name_space == name_space) &&
        IsMine(*object);
    if (is_mine) first_ += EventLine("ADDED", object->text);
  }
}

bool WatchStream::IsMine(const StoredObject& object) const {
  return (name_space_.empty() || object.name_space == name_space_) &&
         selector_.Selects(object.name, object.labels);
}

std::string WatchStream::LineOf(const StoreEvent& event) const {
  const bool was_mine = event.before != nullptr && IsMine(*event.before);
  const bool is_mine = !event.is_deletion && IsMine(*event.after);
  if (is_mine) {
    return EventLine(was_mine ? "MODIFIED" : "ADDED", event.after->text);
  }
  return was_mine ? EventLine("DELETED", event.after->text) : "";
}

std::string WatchStream::Bookmark() const {
  return EventLine(
      "BOOKMARK", absl::StrCat(R"({"kind":")", resource_.kind,
                               R"(","apiVersion":")", resource_.group_version,
                               R"(","metadata":{"resourceVersion":")", version_,
                               R"(","creationTimestamp":null}})"));
}

void WatchStream::Disturb(KubernetesFault fault) {
  fault_ = std::move(fault);
  fault_.events += sent_;
}

bool WatchStream::IsStruck() const {
  const bool is_end = fault_.kind == Kind::kCut || fault_.kind == Kind::kEnd ||
                      fault_.kind == Kind::kErrorEvent ||
                      fault_.kind == Kind::kSilence;
  return is_end && sent_ >= fault_.events;
}

WatchStream::Piece WatchStream::Strike(std::string text,
                                       const StoreEvent* next) const {
  switch (fault_.kind) {
    case Kind::kSilence:
      return {.text = std::move(text)};
    case Kind::kErrorEvent:
      return {text + ErrorLine(fault_.http_status), End::kInOrder};
    case Kind::kCut:
      if (next != nullptr) {
        const std::string line = LineOf(*next);
        text += line.substr(0, line.size() / 2);
      }
      return {std::move(text), End::kBroken};
    default:
      return {std::move(text), End::kInOrder};
  }
}

WatchStream::Piece WatchStream::Next(Instant now) {
  std::string text = std::exchange(first_, "");
  const absl::Duration late =
      fault_.kind == Kind::kDelay ? fault_.delay : absl::ZeroDuration();
  Instant wake_at = std::min(ends_at_, next_bookmark_);
  while (true) {
    if (has_expired() && !IsStruck()) {
      return {text + ErrorLine(410), End::kInOrder};
    }
    const StoreEvent* event = store_->EventAfter(collection_, version_);
    if (IsStruck()) return Strike(std::move(text), event);
    if (event == nullptr) {
      version_ = std::max(version_, store_->version());
      break;
    }
    if (event->at + late > now) {
      wake_at = std::min(wake_at, event->at + late);
      break;
    }
    if (text.size() > kPieceBytes) return {std::move(text)};
    const std::string line = LineOf(*event);
    text += line;
    if (fault_.kind == Kind::kRepeat) text += line;
    sent_ += line.empty() ? 0 : 1;
    version_ = event->version;
  }
  const bool is_over = now >= ends_at_;
  if (has_bookmarks_ && (is_over || now >= next_bookmark_)) {
    text += Bookmark();
    next_bookmark_ = now + kBookmarkEvery;
  }
  if (is_over) return {std::move(text), End::kInOrder};
  return {std::move(text), End::kNone, std::min(wake_at, next_bookmark_)};
}

}  // namespace prepull
