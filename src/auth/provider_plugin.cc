#include "src/auth/provider_plugin.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr CacheScope kScopes[] = {CacheScope::kImage, CacheScope::kRegistry,
                                  CacheScope::kGlobal};

}  // namespace

ProviderPlugin::ProviderPlugin(CredentialProvider provider, std::string program,
                               absl::Duration timeout, World world)
    : provider_(std::move(provider)),
      program_(std::move(program)),
      timeout_(timeout),
      world_(world) {}

ProviderPlugin::~ProviderPlugin() {
  std::thread worker;
  {
    MutexLock lock(mutex_);
    stop_.request_stop();
    worker = std::move(worker_);
  }
  asked_.notify_all();
  if (worker.joinable()) worker.join();
}

bool ProviderPlugin::Matches(const Reference& image) const {
  return std::any_of(provider_.match_images.begin(),
                     provider_.match_images.end(),
                     [&image](const RegistryPattern& pattern) {
                       return pattern.Matches(image);
                     });
}

void ProviderPlugin::Ask(const Reference& image, Done done) {
  Request request = {image.repository(), image.registry(), std::move(done)};
  std::optional<Entries> known;
  {
    MutexLock lock(mutex_);
    known = Recall(request);
    if (!known) return Queue(std::move(request));
  }
  request.done(*std::move(known));
}

void ProviderPlugin::Forget(const Reference& image,
                            const Credential& credential) {
  const Request request = {image.repository(), image.registry()};
  const auto has_it = [&credential](const KeyringEntry& entry) {
    return entry.credential == credential;
  };
  MutexLock lock(mutex_);
  for (const CacheScope scope : kScopes) {
    const auto found = cache_.find(CacheKey(scope, request));
    if (found == cache_.end()) continue;
    const Entries& entries = found->second.entries;
    if (std::any_of(entries.begin(), entries.end(), has_it)) {
      cache_.erase(found);
    }
  }
}

void ProviderPlugin::Queue(Request request) {
  queue_.push_back(std::move(request));
  if (!worker_.joinable()) worker_ = std::thread([this] { Work(); });
  asked_.notify_all();
}

std::string ProviderPlugin::Description() const {
  return absl::StrCat("plugin ", provider_.name, ": ", provider_.match_texts);
}

std::string ProviderPlugin::CacheKey(CacheScope scope, const Request& request) {
  if (scope == CacheScope::kImage) return request.repository;
  // A repository has a slash behind its registry, so the three do not clash.
  return scope == CacheScope::kRegistry ? request.registry : "";
}

std::optional<ProviderPlugin::Entries> ProviderPlugin::Recall(
    const Request& request) const {
  for (const CacheScope scope : kScopes) {
    const auto found = cache_.find(CacheKey(scope, request));
    if (found != cache_.end() && world_.clock.Now() < found->second.until) {
      return found->second.entries;
    }
  }
  return std::nullopt;
}

void ProviderPlugin::Remember(const Request& request,
                              const ProviderAnswer& answer) {
  const absl::Duration duration =
      answer.cache_duration.value_or(provider_.default_cache_duration);
  if (duration <= absl::ZeroDuration()) return;
  const Instant now = world_.clock.Now();
  std::erase_if(cache_,
                [now](const auto& entry) { return entry.second.until <= now; });
  cache_[CacheKey(answer.scope, request)] = {now + duration, answer.entries};
}

void ProviderPlugin::Work() {
  Request request;
  while (Next(request)) Serve(std::move(request));
  std::vector<Request> owed;
  {
    MutexLock lock(mutex_);
    owed = std::exchange(queue_, {});
  }
  for (const Request& left : owed) left.done(absl::CancelledError("stopped"));
}

bool ProviderPlugin::Next(Request& request) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stop_.stop_requested()) asked_.wait(mutex_);
  if (stop_.stop_requested()) return false;
  request = std::move(queue_.front());
  queue_.erase(queue_.begin());
  return true;
}

void ProviderPlugin::Serve(Request request) {
  std::optional<Entries> known;
  {
    MutexLock lock(mutex_);
    known = Recall(request);
  }
  if (known) return request.done(*std::move(known));
  const absl::StatusOr<ProviderAnswer> answer = Run(request.repository);
  std::vector<Request> served;
  served.push_back(std::move(request));
  {
    MutexLock lock(mutex_);
    if (answer.ok()) Remember(served.front(), *answer);
    TakeServed(answer, served);
  }
  for (const Request& one : served) {
    if (answer.ok()) {
      one.done(answer->entries);
    } else {
      one.done(answer.status());
    }
  }
}

void ProviderPlugin::TakeServed(const absl::StatusOr<ProviderAnswer>& answer,
                                std::vector<Request>& served) {
  CacheScope scope = answer.ok() ? answer->scope : CacheScope::kImage;
  // Nobody shall wait for a whole row of timeouts.
  if (absl::IsDeadlineExceeded(answer.status())) scope = CacheScope::kGlobal;
  const std::string key = CacheKey(scope, served.front());
  const auto is_waiting = [scope, &key](const Request& request) {
    return CacheKey(scope, request) != key;
  };
  const auto rest =
      std::stable_partition(queue_.begin(), queue_.end(), is_waiting);
  std::move(rest, queue_.end(), std::back_inserter(served));
  queue_.erase(rest, queue_.end());
}

absl::StatusOr<ProviderAnswer> ProviderPlugin::Run(const std::string& image) {
  absl::StatusOr<ProviderAnswer> answer = Execute(image);
  if (answer.ok()) return answer;
  const absl::Status why =
      Annotate(answer.status(), absl::StrCat("plugin ", provider_.name));
  if (!absl::IsCancelled(why)) {
    world_.warnings.Add(std::string(why.message()));
  }
  return why;
}

absl::StatusOr<ProviderAnswer> ProviderPlugin::Execute(
    const std::string& image) {
  const ChildCommand command = {
      .program = program_,
      .arguments = provider_.arguments,
      .environment = provider_.environment,
      .input = ProviderRequest(provider_, image),
      .on_error_line = [this](absl::string_view line) {
        Log(LogLevel::kDebug, "plugin says",
            {{"plugin", provider_.name}, {"text", line}});
      }};
  const absl::StatusOr<ChildOutput> child = world_.host.RunChild(
      command, world_.clock.Now() + timeout_, stop_.get_token());
  if (!child.ok()) {
    return Annotate(child.status(), Printable(program_, 1024));
  }
  if (child->exit_code != 0) {
    return absl::UnavailableError(absl::StrCat(Printable(program_, 1024),
                                               ": ended with exit code ",
                                               child->exit_code));
  }
  absl::StatusOr<ProviderAnswer> answer =
      ParseProviderAnswer(child->output, provider_);
  if (!answer.ok()) return Annotate(answer.status(), "its answer");
  return answer;
}

}  // namespace prepull
