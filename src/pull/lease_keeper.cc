#include "src/pull/lease_keeper.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "src/pull/error_class.h"

namespace prepull {
namespace {

constexpr char kListLabel[] = "prepull/list";
constexpr char kExpireLabel[] = "containerd.io/gc.expire";
// How long what was downloaded waits for the next run.
constexpr absl::Duration kKeptFor = absl::Hours(24);
constexpr absl::Duration kLeaseCallTimeout = absl::Seconds(10);
// Freeing the space of large layers takes the runtime a while.
constexpr absl::Duration kCollectTimeout = absl::Minutes(1);

constexpr absl::Duration kHastyTimeout = absl::Milliseconds(300);

void Warn(absl::string_view what, const absl::Status& why) {
  Log(LogLevel::kWarn, what, {{"error", ReportedMessage(why)}});
}

// A run that was told to stop has no more than a moment.
RuntimeExtension::Limit LimitOf(absl::Duration timeout,
                                const std::stop_token& stop) {
  if (stop.stop_requested()) return {kHastyTimeout, {}};
  return {timeout, stop};
}

struct Taken {
  int64_t leases = 0;
  int64_t content = 0;
  int64_t downloads = 0;
};

}  // namespace

// FNV-1a, 64 bits: stable from run to run, and a collision of two lists on
// one node costs no more than a lease taken over in vain.
std::string ListHash(const std::vector<ImageRequest>& requests) {
  std::vector<std::string> names;
  for (const ImageRequest& request : requests) {
    if (request.reference.ok())
      names.push_back(request.reference->Normalised());
  }
  std::sort(names.begin(), names.end());
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& name : names) {
    for (const char c : name + "\n") {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x100000001b3;
    }
  }
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

LeaseKeeper::LeaseKeeper(RuntimeExtension* extension,
                         const std::vector<ImageRequest>& requests,
                         const Run& run)
    : extension_(extension), run_(run), list_hash_(ListHash(requests)) {}

Lease LeaseKeeper::OwnLease() const {
  const absl::Time expires = run_.started_at + run_.overall_timeout + kKeptFor;
  return {
      .id = absl::StrCat("prepull-", list_hash_, "-", run_.id),
      .labels = {{kListLabel, list_hash_},
                 {kExpireLabel, absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", expires,
                                                 absl::UTCTimeZone())}}};
}

void LeaseKeeper::Begin(const std::stop_token& stop) {
  if (extension_ == nullptr) return;
  const Lease lease = OwnLease();
  const absl::Status created =
      extension_->CreateLease(lease, {kLeaseCallTimeout, stop});
  if (created.ok()) {
    lease_id_ = lease.id;
    TakeOver(stop);
  } else if (created.code() != absl::StatusCode::kUnimplemented &&
             !stop.stop_requested()) {
    Warn("no lease: a pull that is cut will start again", created);
  }
}

void LeaseKeeper::TakeOver(const std::stop_token& stop) {
  const auto leases =
      extension_->FindLeases(kListLabel, list_hash_, {kLeaseCallTimeout, stop});
  if (!leases.ok()) {
    Warn("leases of earlier runs cannot be listed", leases.status());
    return;
  }
  Taken taken;
  for (const Lease& lease : *leases) {
    if (lease.id == lease_id_) continue;
    const auto resources =
        extension_->LeaseResources(lease.id, {kLeaseCallTimeout, stop});
    // Expired or deleted meanwhile: then there is nothing to take.
    if (!resources.ok()) continue;
    ++taken.leases;
    for (const LeaseResource& resource : *resources) {
      const absl::Status added = extension_->AddLeaseResource(
          lease_id_, resource, {kLeaseCallTimeout, stop});
      if (!added.ok()) {
        Log(LogLevel::kDebug, "not taken over",
            {{"resource", resource.id}, {"error", ReportedMessage(added)}});
        continue;
      }
      if (resource.type == "content") ++taken.content;
      if (resource.type == "ingests") ++taken.downloads;
    }
  }
  if (taken.leases == 0) return;
  Log(LogLevel::kInfo, "resuming what earlier runs of this list downloaded",
      {{"leases", taken.leases},
       {"blobs", taken.content},
       {"open_downloads", taken.downloads}});
}

void LeaseKeeper::Renew(const std::stop_token& stop) {
  if (lease_id_.empty()) return;
  const absl::Status created =
      extension_->CreateLease(OwnLease(), {kLeaseCallTimeout, stop});
  if (!created.ok()) Warn("lease cannot be created again", created);
}

void LeaseKeeper::End(LeaseFate fate, const std::stop_token& stop) {
  if (extension_ == nullptr || fate == LeaseFate::kKeep) return;
  if (fate == LeaseFate::kDeleteAll) {
    const auto leases = extension_->FindLeases(
        kListLabel, list_hash_, LimitOf(kLeaseCallTimeout, stop));
    if (leases.ok()) {
      for (const Lease& lease : *leases) Delete(lease.id, false, stop);
      return;
    }
    if (leases.status().code() == absl::StatusCode::kUnimplemented) return;
    Warn("leases of earlier runs stay until they expire", leases.status());
  }
  if (!lease_id_.empty()) {
    Delete(lease_id_, fate == LeaseFate::kCollectOwn, stop);
  }
}

void LeaseKeeper::Delete(const std::string& id, bool collect,
                         const std::stop_token& stop) {
  const absl::Status deleted = extension_->DeleteLease(
      id, collect,
      LimitOf(collect ? kCollectTimeout : kLeaseCallTimeout, stop));
  if (!deleted.ok()) Warn("lease stays until it expires", deleted);
}

}  // namespace prepull
