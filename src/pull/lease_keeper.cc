#include "src/pull/lease_keeper.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/redact.h"
#include "prepull/list/list_hash.h"
#include "prepull/node/run_context.h"
#include "src/pull/error_class.h"

namespace prepull {
namespace {

// How long what was downloaded waits for the next run.
constexpr absl::Duration kKeptFor = absl::Hours(24);
constexpr absl::Duration kLeaseCallTimeout = absl::Seconds(10);
// Freeing the space of large layers takes the runtime a while.
constexpr absl::Duration kCollectTimeout = absl::Minutes(1);
// The limit for all lease calls at the end of a run.
constexpr absl::Duration kLeaseEndTimeout = absl::Minutes(2);
// A run that was told to stop has no more than a moment.
constexpr absl::Duration kLeaseStopTimeout = absl::Milliseconds(300);

void Warn(absl::string_view what, const absl::Status& why) {
  Log(LogLevel::kWarn, what, {{"error", ReportedMessage(why)}});
}

}  // namespace

struct LeaseKeeper::Taken {
  std::set<std::pair<std::string, std::string>> resources;  // type, id
  int64_t leases = 0;
  int64_t content = 0;
  int64_t downloads = 0;
};

LeaseKeeper::LeaseKeeper(const RunContext& context,
                         const std::vector<ImageRequest>& requests,
                         const Run& run)
    : context_(context),
      leases_(context.runtime.leases()),
      downloads_(context.runtime.downloads()),
      run_(run),
      list_hash_(ListHash(requests)) {}

LeaseKeeper::~LeaseKeeper() {
  if (sign_of_life_ != nullptr) sign_of_life_->Cancel();
}

// One call, in what is left of the time for them.
template <typename Answer, typename Start>
Answer LeaseKeeper::Ask(absl::Duration timeout, Start start) {
  const absl::Duration left = std::min(timeout, budget_->Left());
  if (left <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError("no time left for lease calls");
  }
  return AwaitCall<Answer>(context_, run_, budget_->stop(),
                           [&](auto done) { return start(left, done); });
}

// The wall clock may have jumped since the run began, as on a node that gets
// its time after boot.
Lease LeaseKeeper::OwnLease() const {
  const absl::Time expires = context_.clock.WallNow() +
                             (run_.deadline() - context_.clock.Now()) +
                             kKeptFor;
  return {.id = absl::StrCat("prepull-", list_hash_, "-", run_.id()),
          .list = list_hash_,
          .expires = expires};
}

void LeaseKeeper::Begin(const std::stop_token& stop) {
  if (leases_ == nullptr) return;
  budget_.emplace(context_.clock, run_.deadline(), stop, kLeaseStopTimeout);
  const Lease lease = OwnLease();
  const auto created = Ask<absl::Status>(
      kLeaseCallTimeout, [&](absl::Duration timeout, auto done) {
        return leases_->Create(lease, timeout, done);
      });
  if (created.ok()) {
    lease_id_ = lease.id;
    if (downloads_ != nullptr) {
      sign_of_life_ = downloads_->Hold(lease.id, lease.id);
    }
    AdoptLeases();
  } else if (created.code() != absl::StatusCode::kUnimplemented &&
             !stop.stop_requested()) {
    Warn("no lease: an interrupted pull will start over", created);
  }
}

absl::StatusOr<std::vector<Lease>> LeaseKeeper::FindLeases() {
  return Ask<absl::StatusOr<std::vector<Lease>>>(
      kLeaseCallTimeout, [&](absl::Duration timeout, auto done) {
        return leases_->Find(list_hash_, timeout, done);
      });
}

void LeaseKeeper::AdoptLeases() {
  const auto leases = FindLeases();
  if (!leases.ok()) {
    Warn("cannot list leases of earlier runs", leases.status());
    return;
  }
  Taken taken;
  for (const Lease& lease : *leases) {
    if (lease.id == lease_id_) continue;
    const bool has_all = AdoptResources(lease.id, taken);
    if (has_all && !IsAlive(lease.id)) Delete(lease.id, /*collect=*/false);
  }
  if (taken.leases == 0) return;
  Log(LogLevel::kInfo, "resuming what earlier runs of this list downloaded",
      {{"leases", taken.leases},
       {"blobs", taken.content},
       {"open_downloads", taken.downloads}});
}

// Returns whether our lease then has all that this one keeps.
bool LeaseKeeper::AdoptResources(const std::string& lease_id, Taken& taken) {
  const auto resources = Ask<absl::StatusOr<std::vector<LeaseResource>>>(
      kLeaseCallTimeout, [&](absl::Duration timeout, auto done) {
        return leases_->Resources(lease_id, timeout, done);
      });
  // Expired or deleted meanwhile: then there is nothing to take.
  if (!resources.ok()) return false;
  ++taken.leases;
  bool has_all = true;
  for (const LeaseResource& resource : *resources) {
    // That run's sign of life.
    if (resource.id == lease_id) continue;
    if (taken.resources.contains({resource.type, resource.id})) continue;
    const auto added = Ask<absl::Status>(
        kLeaseCallTimeout, [&](absl::Duration timeout, auto done) {
          return leases_->AddResource(lease_id_, resource, timeout, done);
        });
    if (!added.ok()) {
      Log(LogLevel::kDebug, "lease resource not adopted",
          {{"resource", resource.id}, {"error", ReportedMessage(added)}});
      has_all = false;
      continue;
    }
    taken.resources.insert({resource.type, resource.id});
    if (resource.kind == LeaseResource::Kind::kBlob) ++taken.content;
    if (resource.kind == LeaseResource::Kind::kDownload) ++taken.downloads;
  }
  return has_all;
}

// Also if that cannot be told. A full disk refuses a download only after it was
// found that no client is writing it.
bool LeaseKeeper::IsAlive(const std::string& lease_id) {
  if (downloads_ == nullptr) return true;
  const auto dropped = Ask<absl::Status>(
      kLeaseCallTimeout, [&](absl::Duration timeout, auto done) {
        return downloads_->Drop(lease_id, timeout, done);
      });
  return !dropped.ok() && Classify(dropped).retry != Retry::kStopRun;
}

void LeaseKeeper::Renew() {
  if (lease_id_.empty()) return;
  leases_->Create(OwnLease(), kLeaseCallTimeout,
                  [](const absl::Status& created) {
                    if (created.ok()) return;
                    Warn("cannot renew lease", created);
                  });
}

void LeaseKeeper::End(LeaseFate fate, const std::stop_token& stop) {
  if (leases_ == nullptr) return;
  budget_.emplace(context_.clock, context_.clock.Now() + kLeaseEndTimeout, stop,
                  kLeaseStopTimeout);
  if (fate != LeaseFate::kKeep) {
    if (!lease_id_.empty()) Delete(lease_id_, fate == LeaseFate::kCollect);
    DeleteOthers(/*also_alive=*/fate == LeaseFate::kDeleteAll);
  }
  if (sign_of_life_ != nullptr) sign_of_life_->Cancel();
}

void LeaseKeeper::DeleteOthers(bool also_alive) {
  const auto leases = FindLeases();
  if (!leases.ok()) {
    if (leases.status().code() == absl::StatusCode::kUnimplemented) return;
    Warn("cannot list leases of earlier runs: they remain until they expire",
         leases.status());
    return;
  }
  for (const Lease& lease : *leases) {
    if (lease.id == lease_id_) continue;
    if (also_alive || !IsAlive(lease.id)) Delete(lease.id, /*collect=*/false);
  }
}

void LeaseKeeper::Delete(const std::string& id, bool collect) {
  const auto deleted =
      Ask<absl::Status>(collect ? kCollectTimeout : kLeaseCallTimeout,
                        [&](absl::Duration timeout, auto done) {
                          return leases_->Delete(id, collect, timeout, done);
                        });
  if (!deleted.ok())
    Warn("cannot delete lease: it remains until it expires", deleted);
}

}  // namespace prepull
