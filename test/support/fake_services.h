// A runtime's optional services in memory, as containerd has them, on a
// FakeClock: every call takes the time that a test gives its service, and ends
// at its timeout, its stop and its Cancel. Downloads and blobs are
// UNIMPLEMENTED; see FakeContentStore. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_SERVICES_H_
#define PREPULL_TEST_SUPPORT_FAKE_SERVICES_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/runtime/downloads.h"
#include "prepull/runtime/image_records.h"
#include "prepull/runtime/leases.h"
#include "test/support/fake_clock.h"

namespace prepull {

class FakeServices : public Leases, public Downloads, public ImageRecords {
 public:
  struct KeptLease {
    std::string list = "";
    std::vector<LeaseResource> resources = {};
    absl::Time expires = absl::InfiniteFuture();
  };

  // Some of the calls: when they were made, and how they are answered.
  struct Service {
    std::vector<Instant> asked = {};
    absl::Status error = {};
    absl::Duration latency = absl::ZeroDuration();
    bool hangs = false;  // no answer but to its timeout, a stop or Cancel
  };

  explicit FakeServices(FakeClock& clock) : clock_(clock) {}

  // By id; a test reads and changes them as it likes.
  std::map<std::string, KeptLease> leases;
  // The ids of all leases that were created, also those that are gone.
  std::vector<std::string> created;
  // Leases deleted so that their space is free at once.
  std::vector<std::string> collected;
  // What every call answers, if it is an error.
  absl::Status error;
  Service lease_calls;
  Service record_calls;

  // Downloads that a process has open: HoldDownload's, and a test's own.
  std::multiset<std::string> held;
  std::vector<std::string> dropped;
  Service drops;

  absl::Status Probe(const CallLimit& limit) override {
    return Spend(lease_calls, limit);
  }

  std::unique_ptr<RunningCall> Create(const Lease& lease,
                                      absl::Duration timeout,
                                      CallDone done) override {
    return Answer<
        absl::Status>(lease_calls, timeout, std::move(done), [this, lease] {
      created.push_back(lease.id);
      leases.try_emplace(lease.id, KeptLease{lease.list, {}, lease.expires});
      return absl::OkStatus();
    });
  }

  std::unique_ptr<RunningCall> Find(
      const std::string& list, absl::Duration timeout,
      AnswerDone<std::vector<Lease>> done) override {
    return Answer<absl::StatusOr<std::vector<Lease>>>(
        lease_calls, timeout, std::move(done), [this, list] {
          std::vector<Lease> found;
          for (const auto& [id, lease] : leases) {
            if (lease.list == list) found.push_back({id, list});
          }
          return found;
        });
  }

  std::unique_ptr<RunningCall> Resources(
      const std::string& lease_id, absl::Duration timeout,
      AnswerDone<std::vector<LeaseResource>> done) override {
    using Resources = absl::StatusOr<std::vector<LeaseResource>>;
    return Answer<Resources>(lease_calls, timeout, std::move(done),
                             [this, lease_id]() -> Resources {
                               const auto lease = leases.find(lease_id);
                               if (lease == leases.end()) return NoSuchLease();
                               return lease->second.resources;
                             });
  }

  std::unique_ptr<RunningCall> AddResource(const std::string& lease_id,
                                           const LeaseResource& resource,
                                           absl::Duration timeout,
                                           CallDone done) override {
    return Answer<absl::Status>(lease_calls, timeout, std::move(done),
                                [this, lease_id, resource] {
                                  const auto lease = leases.find(lease_id);
                                  if (lease == leases.end())
                                    return NoSuchLease();
                                  lease->second.resources.push_back(resource);
                                  return absl::OkStatus();
                                });
  }

  std::unique_ptr<RunningCall> Delete(const std::string& lease_id, bool collect,
                                      absl::Duration timeout,
                                      CallDone done) override {
    return Answer<absl::Status>(lease_calls, timeout, std::move(done),
                                [this, lease_id, collect] {
                                  leases.erase(lease_id);
                                  if (collect) collected.push_back(lease_id);
                                  return absl::OkStatus();
                                });
  }

  std::unique_ptr<RunningCall> Drop(const std::string& ref,
                                    absl::Duration timeout,
                                    CallDone done) override {
    return Answer<absl::Status>(
        drops, timeout, std::move(done), [this, ref]() -> absl::Status {
          if (held.contains(ref)) {
            return absl::UnavailableError(
                absl::StrCat("ref ", ref, " locked for 1s: unavailable"));
          }
          dropped.push_back(ref);
          OnDropped(ref);
          return absl::OkStatus();
        });
  }

  std::unique_ptr<RunningCall> Hold(const std::string& ref,
                                    const std::string&) override {
    held.insert(ref);
    return std::make_unique<Call>([this, ref, is_held = true]() mutable {
      if (std::exchange(is_held, false)) held.erase(held.find(ref));
    });
  }

  std::unique_ptr<RunningCall> List(
      absl::Duration timeout,
      AnswerDone<std::vector<OpenDownload>> done) override {
    return Refuse(timeout, std::move(done));
  }
  std::unique_ptr<RunningCall> FindBlobs(
      const Reference&, absl::Duration timeout,
      AnswerDone<std::vector<StoredBlob>> done) override {
    return Refuse(timeout, std::move(done));
  }
  std::unique_ptr<RunningCall> FindBlob(const std::string&,
                                        absl::Duration timeout,
                                        AnswerDone<StoredBlob> done) override {
    return Refuse(timeout, std::move(done));
  }
  std::unique_ptr<RunningCall> ReadBlob(const std::string&,
                                        absl::Duration timeout,
                                        AnswerDone<std::string> done) override {
    return Refuse(timeout, std::move(done));
  }

  // The pinned records by name; a test changes them as it likes.
  std::map<std::string, PinnedRecord> pinned;
  // The records that are not pinned.
  std::set<std::string> records;
  // What a change of the record answers, if it is an error.
  std::map<std::string, absl::Status> record_errors;
  // The records that were changed, or tried to be, in their order.
  std::vector<std::string> record_changes;
  // Called before each change: time passes, the run is stopped.
  std::function<void()> before_record_change = [] {};

  absl::StatusOr<std::vector<PinnedRecord>> Pinned(
      const CallLimit& limit) override {
    if (const absl::Status spent = Spend(record_calls, limit); !spent.ok()) {
      return spent;
    }
    std::vector<PinnedRecord> found;
    for (const auto& [name, record] : pinned) found.push_back(record);
    return found;
  }

  absl::Status Pin(const std::string& name, const std::string& list,
                   const CallLimit& limit) override {
    return Change(name, limit, [&] {
      records.erase(name);
      pinned[name] = {.name = name, .is_ours = true, .list = list};
    });
  }

  absl::Status Unpin(const std::string& name, const CallLimit& limit) override {
    return Change(name, limit, [&] {
      pinned.erase(name);
      records.insert(name);
    });
  }

 protected:
  // Starts a call that ends once: with what `answer` says when the service's
  // latency is over, at its timeout, or by Cancel.
  template <typename Value>
  std::unique_ptr<RunningCall> Answer(Service& service, absl::Duration timeout,
                                      std::function<void(Value)> done,
                                      std::function<Value()> answer) {
    service.asked.push_back(clock_.Now());
    auto shared = std::make_shared<std::function<void(Value)>>(std::move(done));
    const auto end_after = [this, shared](absl::Duration delay,
                                          std::function<Value()> value) {
      clock_.After(delay, [shared, value = std::move(value)] {
        if (*shared) std::exchange(*shared, nullptr)(value());
      });
    };
    const absl::Status failed = error.ok() ? service.error : error;
    if (!service.hangs) {
      end_after(service.latency,
                [failed, answer = std::move(answer)]() -> Value {
                  return failed.ok() ? answer() : Value(failed);
                });
    }
    end_after(timeout, []() -> Value { return TooLate(); });
    // As in gRPC the last word comes from another thread, a little later.
    return std::make_unique<Call>([end_after] {
      end_after(absl::Milliseconds(1),
                []() -> Value { return absl::CancelledError(); });
    });
  }

  // The download is gone.
  virtual void OnDropped(const std::string&) {}

  FakeClock& clock_;

 private:
  class Call : public RunningCall {
   public:
    explicit Call(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
    void Cancel() override { cancel_(); }

   private:
    std::function<void()> cancel_;
  };

  template <typename Apply>
  absl::Status Change(const std::string& name, const CallLimit& limit,
                      Apply apply) {
    before_record_change();
    record_changes.push_back(name);
    if (const absl::Status spent = Spend(record_calls, limit); !spent.ok()) {
      return spent;
    }
    if (record_errors.contains(name)) return record_errors.at(name);
    if (!records.contains(name) && !pinned.contains(name)) {
      return absl::NotFoundError("image: not found");
    }
    apply();
    return absl::OkStatus();
  }

  // What a call that its caller waits for comes to, once its time is over.
  absl::Status Spend(Service& service, const CallLimit& limit) {
    service.asked.push_back(clock_.Now());
    Wakeup wakeup;
    std::stop_callback stop(limit.stop, [&wakeup] { wakeup.Notify(); });
    const absl::Duration takes =
        service.hangs ? absl::InfiniteDuration() : service.latency;
    clock_.WaitUntil(clock_.Now() + std::min(takes, limit.timeout), wakeup);
    if (limit.stop.stop_requested()) return absl::CancelledError();
    if (takes > limit.timeout) return TooLate();
    return error.ok() ? service.error : error;
  }

  template <typename Value>
  std::unique_ptr<RunningCall> Refuse(absl::Duration timeout,
                                      AnswerDone<Value> done) {
    return Answer<absl::StatusOr<Value>>(
        refusals_, timeout, std::move(done), []() -> absl::StatusOr<Value> {
          return absl::UnimplementedError("unknown service");
        });
  }

  static absl::Status TooLate() {
    return absl::DeadlineExceededError("Deadline Exceeded");
  }
  static absl::Status NoSuchLease() {
    return absl::NotFoundError("lease: not found");
  }

  Service refusals_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_SERVICES_H_
