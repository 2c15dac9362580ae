// Leases and image records in memory, as containerd has them. What else the
// extension offers is UNIMPLEMENTED. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_EXTENSION_H_
#define PREPULL_TEST_SUPPORT_FAKE_EXTENSION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "prepull/runtime/runtime_extension.h"

namespace prepull {

class FakeExtension : public RuntimeExtension {
 public:
  struct KeptLease {
    Labels labels;
    std::vector<LeaseResource> resources;
  };

  // By id; a test reads and changes them as it likes.
  std::map<std::string, KeptLease> leases;
  // The ids of all leases that were created, also those that are gone.
  std::vector<std::string> created;
  // Leases deleted so that their space is free at once.
  std::vector<std::string> collected;
  // What every call answers, if it is an error.
  absl::Status error;

  absl::Status Probe(const Limit&) override { return error; }

  absl::Status CreateLease(const Lease& lease, const Limit&) override {
    if (!error.ok()) return error;
    created.push_back(lease.id);
    leases.try_emplace(lease.id, KeptLease{lease.labels, {}});
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Lease>> FindLeases(const std::string& key,
                                                const std::string& value,
                                                const Limit&) override {
    if (!error.ok()) return error;
    std::vector<Lease> found;
    for (const auto& [id, lease] : leases) {
      const auto label = lease.labels.find(key);
      if (label == lease.labels.end() || label->second != value) continue;
      found.push_back({id, lease.labels});
    }
    return found;
  }

  absl::StatusOr<std::vector<LeaseResource>> LeaseResources(
      const std::string& lease_id, const Limit&) override {
    const auto lease = leases.find(lease_id);
    if (lease == leases.end()) return absl::NotFoundError("lease: not found");
    return lease->second.resources;
  }

  absl::Status AddLeaseResource(const std::string& lease_id,
                                const LeaseResource& resource,
                                const Limit&) override {
    const auto lease = leases.find(lease_id);
    if (lease == leases.end()) return absl::NotFoundError("lease: not found");
    lease->second.resources.push_back(resource);
    return absl::OkStatus();
  }

  absl::Status DeleteLease(const std::string& lease_id, bool collect,
                           const Limit&) override {
    if (!error.ok()) return error;
    leases.erase(lease_id);
    if (collect) collected.push_back(lease_id);
    return absl::OkStatus();
  }

  std::unique_ptr<RunningCall> ListDownloads(
      Done<std::vector<OpenDownload>> done) override {
    return Refuse(done);
  }
  std::unique_ptr<RunningCall> FindBlobs(
      const std::string&, const std::string&,
      Done<std::vector<StoredBlob>> done) override {
    return Refuse(done);
  }
  std::unique_ptr<RunningCall> FindBlob(const std::string&,
                                        Done<StoredBlob> done) override {
    return Refuse(done);
  }
  std::unique_ptr<RunningCall> ReadBlob(const std::string&,
                                        Done<std::string> done) override {
    return Refuse(done);
  }

  // Image records: their labels by name; a test changes them as it likes.
  std::map<std::string, Labels> records;
  // What a change of the record answers, if it is an error.
  std::map<std::string, absl::Status> record_errors;
  // The records that were changed, or tried to be, in their order.
  std::vector<std::string> record_changes;
  // Called before each change: time passes, the run is stopped.
  std::function<void()> before_record_change = [] {};

  absl::StatusOr<std::vector<ImageRecord>> RecordsWithLabel(
      const std::string& key, const Limit&) override {
    if (!error.ok()) return error;
    std::vector<ImageRecord> found;
    for (const auto& [name, labels] : records) {
      if (labels.contains(key)) found.push_back({name, labels});
    }
    return found;
  }

  absl::Status UpdateRecordLabels(const std::string& name, const Labels& set,
                                  const std::vector<std::string>& removed,
                                  const Limit&) override {
    before_record_change();
    record_changes.push_back(name);
    if (!error.ok()) return error;
    if (record_errors.contains(name)) return record_errors.at(name);
    const auto record = records.find(name);
    if (record == records.end()) return absl::NotFoundError("image: not found");
    for (const auto& [key, value] : set) record->second[key] = value;
    for (const std::string& key : removed) record->second.erase(key);
    return absl::OkStatus();
  }

 private:
  class Ended : public RunningCall {
   public:
    void Cancel() override {}
  };

  static absl::Status Unimplemented() {
    return absl::UnimplementedError("unknown service");
  }

  template <typename Callback>
  static std::unique_ptr<RunningCall> Refuse(const Callback& done) {
    done(Unimplemented());
    return std::make_unique<Ended>();
  }
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_EXTENSION_H_
