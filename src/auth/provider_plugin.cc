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
                               absl::Duration timeout,
                               Dependencies dependencies)
    : provider_(std::move(provider)),
      program_(std::move(program)),
      timeout_(timeout),
      dependencies_(dependencies) {}

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

void ProviderPlugin::Request(const Reference& image, Done done) {
  Pending request = {image.repository(), image.registry(), std::move(done)};
  std::optional<Entries> known;
  {
    MutexLock lock(mutex_);
    known = FindCached(request);
    if (!known) return Queue(std::move(request));
  }
  request.done(*std::move(known));
}

void ProviderPlugin::Forget(const Reference& image,
                            const Credential& credential) {
  const Pending request = {image.repository(), image.registry()};
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

void ProviderPlugin::Queue(Pending request) {
  queue_.push_back(std::move(request));
  if (!worker_.joinable()) worker_ = std::thread([this] { Work(); });
  asked_.notify_all();
}

std::string ProviderPlugin::Description() const {
  return absl::StrCat("plugin ", provider_.name, ": ", provider_.match_texts);
}

std::string ProviderPlugin::CacheKey(CacheScope scope, const Pending& request) {
  if (scope == CacheScope::kImage) return request.repository;
  // A repository has a slash behind its registry, so the three do not clash.
  return scope == CacheScope::kRegistry ? request.registry : "";
}

std::optional<ProviderPlugin::Entries> ProviderPlugin::FindCached(
    const Pending& request) const {
  for (const CacheScope scope : kScopes) {
    const auto found = cache_.find(CacheKey(scope, request));
    if (found != cache_.end() &&
        dependencies_.clock.Now() < found->second.until) {
      return found->second.entries;
    }
  }
  return std::nullopt;
}

void ProviderPlugin::Cache(const Pending& request,
                           const ProviderResponse& response) {
  const absl::Duration duration =
      response.cache_duration.value_or(provider_.default_cache_duration);
  if (duration <= absl::ZeroDuration()) return;
  const Instant now = dependencies_.clock.Now();
  std::erase_if(cache_,
                [now](const auto& entry) { return entry.second.until <= now; });
  cache_[CacheKey(response.scope, request)] = {now + duration,
                                               response.entries};
}

void ProviderPlugin::Work() {
  Pending request;
  while (Next(request)) Serve(std::move(request));
  std::vector<Pending> owed;
  {
    MutexLock lock(mutex_);
    owed = std::exchange(queue_, {});
  }
  for (const Pending& left : owed) left.done(absl::CancelledError("stopped"));
}

bool ProviderPlugin::Next(Pending& request) {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stop_.stop_requested()) asked_.wait(mutex_);
  if (stop_.stop_requested()) return false;
  request = std::move(queue_.front());
  queue_.erase(queue_.begin());
  return true;
}

void ProviderPlugin::Serve(Pending request) {
  std::optional<Entries> known;
  {
    MutexLock lock(mutex_);
    known = FindCached(request);
  }
  if (known) return request.done(*std::move(known));
  const absl::StatusOr<ProviderResponse> response = Run(request.repository);
  std::vector<Pending> served;
  served.push_back(std::move(request));
  {
    MutexLock lock(mutex_);
    if (response.ok()) Cache(served.front(), *response);
    MoveServed(response, served);
  }
  for (const Pending& one : served) {
    if (response.ok()) {
      one.done(response->entries);
    } else {
      // A copy that shares nothing with this thread's.
      one.done(WithMessage(response.status(), response.status().message()));
    }
  }
}

void ProviderPlugin::MoveServed(
    const absl::StatusOr<ProviderResponse>& response,
    std::vector<Pending>& served) {
  CacheScope scope = response.ok() ? response->scope : CacheScope::kImage;
  // No request shall wait for a series of timeouts.
  if (absl::IsDeadlineExceeded(response.status())) scope = CacheScope::kGlobal;
  const std::string key = CacheKey(scope, served.front());
  const auto is_waiting = [scope, &key](const Pending& request) {
    return CacheKey(scope, request) != key;
  };
  const auto rest =
      std::stable_partition(queue_.begin(), queue_.end(), is_waiting);
  std::move(rest, queue_.end(), std::back_inserter(served));
  queue_.erase(rest, queue_.end());
}

absl::StatusOr<ProviderResponse> ProviderPlugin::Run(const std::string& image) {
  absl::StatusOr<ProviderResponse> response = Execute(image);
  if (response.ok()) return response;
  const absl::Status why =
      Annotate(response.status(), absl::StrCat("plugin ", provider_.name));
  if (!absl::IsCancelled(why)) {
    dependencies_.warnings.Add(std::string(why.message()));
  }
  return why;
}

absl::StatusOr<ProviderResponse> ProviderPlugin::Execute(
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
  const absl::StatusOr<ChildOutput> child = dependencies_.host.RunChild(
      command, dependencies_.clock.Now() + timeout_, stop_.get_token());
  if (!child.ok()) {
    return Annotate(child.status(), Printable(program_, 1024));
  }
  if (child->exit_code != 0) {
    return absl::UnavailableError(absl::StrCat(
        Printable(program_, 1024), ": exited with code ", child->exit_code));
  }
  absl::StatusOr<ProviderResponse> response =
      ParseProviderResponse(child->output, provider_);
  if (!response.ok()) return Annotate(response.status(), "response");
  return response;
}

}  // namespace prepull
