#include "test/support/kubernetes_api/fake_kubernetes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "test/support/kubernetes_api/api_objects.h"
#include "test/support/kubernetes_api/request_counts.h"
#include "test/support/kubernetes_api/watch_stream.h"

namespace prepull {
namespace {

using FaultKind = KubernetesFault::Kind;

std::string CollectionOf(const KubeObject& object) {
  return absl::StrCat(object.group_version, "/", object.resource);
}

std::string KeyOf(const KubeObject& object) {
  return object.object_namespace.empty()
             ? object.name
             : absl::StrCat(object.object_namespace, "/", object.name);
}

absl::Status Lost() { return absl::UnavailableError("connection was closed"); }

// As the client does it with what a server has sent.
absl::StatusOr<HttpResponse> Deliver(HttpResponse response,
                                     const HttpRequest& request) {
  if (request.sink && response.status / 100 == 2) {
    const std::string body = std::exchange(response.body, "");
    RETURN_IF_ERROR(request.sink(response, body));
  } else if (static_cast<int64_t>(response.body.size()) >
             request.limits.body_bytes) {
    return absl::InvalidArgumentError("response is too large");
  }
  return response;
}

}  // namespace

class FakeKubernetes::Server {
 public:
  Server(Clock& clock, const Options& options)
      : clock_(clock),
        options_(options),
        objects_(clock, {.history = {.events = options.history},
                         .managed_bytes = options.managed_bytes}) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop,
                                    const std::function<void()>& on_head) {
    if (stop.stop_requested()) return absl::CancelledError("interrupted");
    const ApiRequest parsed = ParseApiRequest(request);
    const bool is_watch = parsed.verb == "watch";
    KubernetesFault fault;
    {
      MutexLock lock(mutex_);
      if (is_away_) return absl::UnavailableError("connect: refused");
      fault = faults_.Take(parsed);
    }
    counts_.Enter(parsed);
    const absl::Cleanup leave = [&] { counts_.Leave(parsed); };
    const bool is_lost = fault.kind == FaultKind::kLoseRequest ||
                         (fault.kind == FaultKind::kLoseAnswer && is_watch);
    if (is_lost) return Lost();
    if (!options_.token.empty() && parsed.token != options_.token) {
      fault = {.kind = FaultKind::kRefuse, .http_status = 401};
    }
    if (fault.kind != FaultKind::kRefuse && is_watch) {
      return Watch(parsed, request, fault, stop, on_head);
    }
    HttpResponse response =
        fault.kind == FaultKind::kRefuse ? Refusal(fault) : Handle(parsed);
    if (fault.kind == FaultKind::kLoseAnswer) return Lost();
    if (fault.kind == FaultKind::kSlow) {
      RETURN_IF_ERROR(Sleep(fault.delay, request.limits, stop));
    }
    return Deliver(std::move(response), request);
  }

  // Runs `what` on the objects, and tells the world what it has changed.
  template <typename What>
  auto Do(What what) {
    std::vector<ObjectStore::News> news;
    std::vector<std::function<void(const Change&)>> on_change;
    auto result = [&] {
      MutexLock lock(mutex_);
      auto done = what(objects_);
      news = objects_.store().TakeNews();
      on_change = on_change_;
      WakeWatches(news);
      return done;
    }();
    for (const auto& [collection, event] : news) {
      for (const std::function<void(const Change&)>& each : on_change) {
        each({.type = event.is_deletion ? "DELETED"
                      : event.before    ? "MODIFIED"
                                        : "ADDED",
              .collection = collection,
              .key = event.after->key(),
              .text = event.after->text});
      }
    }
    return result;
  }

  template <typename What>
  void Alter(What what) {
    Do([&what](ApiObjects& objects) {
      what(objects);
      return 0;
    });
  }

  void Inject(KubernetesFault fault) {
    MutexLock lock(mutex_);
    faults_.Add(std::move(fault));
  }
  void Heal() {
    MutexLock lock(mutex_);
    faults_.Clear();
  }

  void DisturbWatches(const KubernetesFault& fault) {
    MutexLock lock(mutex_);
    for (OpenWatch* watch : watches_) {
      const bool fits =
          fault.resource.empty() ||
          absl::EndsWith(watch->stream.collection(), "/" + fault.resource);
      if (!fits) continue;
      watch->stream.Disturb(fault);
      watch->wakeup.Notify();
    }
  }

  void SetAway(bool is_away) {
    {
      MutexLock lock(mutex_);
      is_away_ = is_away;
    }
    if (is_away) DisturbWatches({.kind = FaultKind::kCut});
  }

  const RequestCounts& counts() const { return counts_; }
  int open_watches() const {
    MutexLock lock(mutex_);
    return static_cast<int>(watches_.size());
  }

  void OnChange(std::function<void(const Change&)> on_change) {
    MutexLock lock(mutex_);
    on_change_.push_back(std::move(on_change));
  }
  void OnWrite(std::function<void(const Write&)> on_write) {
    MutexLock lock(mutex_);
    on_write_ = std::move(on_write);
  }

 private:
  struct OpenWatch {
    WatchStream stream;
    Wakeup wakeup = {};
  };

  void WakeWatches(const std::vector<ObjectStore::News>& news)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (OpenWatch* watch : watches_) {
      const bool concerns = std::any_of(
          news.begin(), news.end(), [watch](const ObjectStore::News& each) {
            return each.collection == watch->stream.collection();
          });
      if (concerns) watch->wakeup.Notify();
    }
  }

  HttpResponse Handle(const ApiRequest& request) {
    HttpResponse response =
        Do([&request](ApiObjects& objects) { return objects.Handle(request); });
    std::function<void(const Write&)> on_write;
    {
      MutexLock lock(mutex_);
      on_write = on_write_;
    }
    if (on_write && request.changes()) {
      on_write({.request = request, .http_status = response.status});
    }
    return response;
  }

  absl::Status Sleep(absl::Duration delay, const HttpLimits& limits,
                     const std::stop_token& stop) {
    const Instant now = clock_.Now();
    const Instant limit = std::min(limits.until, now + limits.idle);
    if (!clock_.SleepUntil(std::min(now + delay, limit), stop)) {
      return absl::CancelledError("interrupted");
    }
    if (now + delay <= limit) return absl::OkStatus();
    return absl::DeadlineExceededError("read response: timed out");
  }

  absl::StatusOr<HttpResponse> Watch(const ApiRequest& parsed,
                                     const HttpRequest& request,
                                     const KubernetesFault& fault,
                                     const std::stop_token& stop,
                                     const std::function<void()>& on_head) {
    if (FindApiResource(parsed.collection()) == nullptr) {
      return Deliver(Handle(parsed), request);  // 404
    }
    absl::StatusOr<WatchStream> stream = [&] {
      MutexLock lock(mutex_);
      return WatchStream::Open(parsed, objects_.store(), fault, clock_.Now());
    }();
    if (!stream.ok()) {
      return StatusAnswer(400, "BadRequest", stream.status().message());
    }
    OpenWatch watch = {.stream = *std::move(stream)};
    {
      MutexLock lock(mutex_);
      if (options_.expires_by_status && watch.stream.has_expired()) {
        return StatusAnswer(410, "Expired", "too old resource version");
      }
      watches_.insert(&watch);
    }
    const absl::Cleanup close = [this, &watch] {
      MutexLock lock(mutex_);
      watches_.erase(&watch);
    };
    if (on_head) on_head();
    return Follow(watch, request, stop);
  }

  absl::StatusOr<HttpResponse> Follow(OpenWatch& watch,
                                      const HttpRequest& request,
                                      const std::stop_token& stop) {
    const std::stop_callback wake(stop, [&watch] { watch.wakeup.Notify(); });
    HttpResponse response = JsonAnswer(200, "");
    Instant heard = clock_.Now();
    while (!stop.stop_requested()) {
      const WatchStream::Piece piece = [&] {
        MutexLock lock(mutex_);
        return watch.stream.Next(clock_.Now());
      }();
      if (!piece.text.empty()) {
        heard = clock_.Now();
        if (request.sink) {
          RETURN_IF_ERROR(request.sink(response, piece.text));
        } else {
          response.body += piece.text;
        }
      }
      if (piece.end == WatchStream::End::kBroken) return Lost();
      if (piece.end == WatchStream::End::kInOrder) return response;
      if (!piece.text.empty()) continue;
      if (options_.ends_idle_watches) return response;
      const Instant limit =
          std::min(heard + request.limits.idle, request.limits.until);
      if (clock_.Now() >= limit) {
        return absl::DeadlineExceededError("read body: timed out");
      }
      clock_.WaitUntil(std::min(piece.wake_at, limit), watch.wakeup);
    }
    return absl::CancelledError("interrupted");
  }

  Clock& clock_;
  const Options options_;
  RequestCounts counts_;
  mutable Mutex mutex_;
  ApiObjects objects_ ABSL_GUARDED_BY(mutex_);
  KubernetesFaults faults_ ABSL_GUARDED_BY(mutex_);
  std::set<OpenWatch*> watches_ ABSL_GUARDED_BY(mutex_);
  bool is_away_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void(const Change&)>> on_change_
      ABSL_GUARDED_BY(mutex_);
  std::function<void(const Write&)> on_write_ ABSL_GUARDED_BY(mutex_);
};

FakeKubernetes::FakeKubernetes(Clock& clock, const Options& options)
    : server_(std::make_unique<Server>(clock, options)) {}

FakeKubernetes::~FakeKubernetes() = default;

absl::StatusOr<HttpResponse> FakeKubernetes::Send(const HttpRequest& request,
                                                  const std::stop_token& stop) {
  return server_->Send(request, stop, nullptr);
}

absl::StatusOr<HttpResponse> FakeKubernetes::Send(
    const HttpRequest& request, const std::stop_token& stop,
    const std::function<void()>& on_head) {
  return server_->Send(request, stop, on_head);
}

void FakeKubernetes::Put(const KubeObject& object, absl::string_view text) {
  server_->Alter([&](ApiObjects& objects) {
    objects.Put(CollectionOf(object), KeyOf(object), text);
  });
}

bool FakeKubernetes::Merge(const KubeObject& object, absl::string_view patch) {
  return server_->Do([&](ApiObjects& objects) {
    return objects.Merge(CollectionOf(object), KeyOf(object), patch);
  });
}

void FakeKubernetes::Delete(const KubeObject& object) {
  server_->Alter([&](ApiObjects& objects) {
    objects.Delete(CollectionOf(object), KeyOf(object));
  });
}

void FakeKubernetes::Remove(const KubeObject& object) {
  server_->Alter([&](ApiObjects& objects) {
    objects.Remove(CollectionOf(object), KeyOf(object));
  });
}

std::string FakeKubernetes::Text(const KubeObject& object) const {
  return server_->Do([&](ApiObjects& objects) {
    const StoredPtr found =
        objects.store().Find(CollectionOf(object), KeyOf(object));
    return found ? found->text : "";
  });
}

std::vector<std::string> FakeKubernetes::Texts(
    const KubeCollection& collection) const {
  return server_->Do([&](ApiObjects& objects) {
    std::vector<std::string> texts;
    const absl::StatusOr<Selector> selector =
        Selector::Parse(collection.label_selector, "");
    const auto found = objects.store().ListAt(
        absl::StrCat(collection.group_version, "/", collection.resource),
        objects.store().version());
    for (const auto& [key, object] : *found) {
      const bool is_in = collection.object_namespace.empty() ||
                         object->name_space == collection.object_namespace;
      if (is_in && selector.value().Selects(object->name, object->labels)) {
        texts.push_back(object->text);
      }
    }
    return texts;
  });
}

void FakeKubernetes::Inject(KubernetesFault fault) {
  server_->Inject(std::move(fault));
}

void FakeKubernetes::Heal() { server_->Heal(); }

void FakeKubernetes::DisturbWatches(KubernetesFault::Kind kind,
                                    const std::string& resource,
                                    int http_status) {
  server_->DisturbWatches(
      {.kind = kind, .resource = resource, .http_status = http_status});
}

void FakeKubernetes::SetAway(bool is_away) { server_->SetAway(is_away); }

void FakeKubernetes::Compact() {
  server_->Alter([](ApiObjects& objects) { objects.store().Compact(); });
}

int64_t FakeKubernetes::Count(const std::string& verb,
                              const std::string& resource) const {
  const std::map<std::string, int64_t> all = counts();
  const auto found = all.find(absl::StrCat(verb, " ", resource));
  return found == all.end() ? 0 : found->second;
}

std::map<std::string, int64_t> FakeKubernetes::counts() const {
  return server_->counts().all();
}

int FakeKubernetes::most_in_flight() const { return server_->counts().most(); }
int FakeKubernetes::open_watches() const { return server_->open_watches(); }

void FakeKubernetes::OnChange(std::function<void(const Change&)> on_change) {
  server_->OnChange(std::move(on_change));
}

void FakeKubernetes::OnWrite(std::function<void(const Write&)> on_write) {
  server_->OnWrite(std::move(on_write));
}

}  // namespace prepull
