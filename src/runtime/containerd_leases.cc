#include <utility>

#include "absl/time/time.h"
#include "containerd/leases.grpc.pb.h"
#include "src/runtime/containerd_call.h"
#include "src/runtime/containerd_filter.h"
#include "src/runtime/containerd_services.h"

namespace prepull {
namespace {

namespace leases = ::containerd::services::leases::v1;

using LabelMap = google::protobuf::Map<std::string, std::string>;

// Has the hash of the list, which tells our leases.
constexpr char kListLabel[] = "prepull/list";
// What containerd's garbage collector reads.
constexpr char kExpireLabel[] = "containerd.io/gc.expire";

LeaseResource::Kind KindOf(const std::string& type) {
  if (type == "content") return LeaseResource::Kind::kBlob;
  if (type == "ingests") return LeaseResource::Kind::kDownload;
  return LeaseResource::Kind::kOther;
}

// The server filters too; it is not relied on.
std::vector<Lease> LeasesFor(const std::string& list,
                             const leases::ListResponse& response) {
  std::vector<Lease> found;
  for (const leases::Lease& lease : response.leases()) {
    const auto label = lease.labels().find(kListLabel);
    if (label == lease.labels().end() || label->second != list) continue;
    found.push_back({.id = lease.id(), .list = list});
  }
  return found;
}

class ContainerdLeases : public Leases {
 public:
  ContainerdLeases(const std::shared_ptr<grpc::Channel>& channel,
                   CallQueue& calls)
      : leases_(leases::Leases::NewStub(channel)), calls_(calls) {}

  absl::Status Probe(const CallLimit& limit) override {
    leases::ListRequest request;
    request.add_filters("id==prepull");  // a short answer
    leases::ListResponse response;
    return BlockingContainerdCall(limit, [&](grpc::ClientContext& context) {
      return leases_->List(&context, request, &response);
    });
  }

  std::unique_ptr<RunningCall> Create(const Lease& lease,
                                      absl::Duration timeout,
                                      CallDone done) override {
    using Answer = leases::CreateResponse;
    leases::CreateRequest request;
    request.set_id(lease.id);
    LabelMap& labels = *request.mutable_labels();
    labels[kListLabel] = lease.list;
    labels[kExpireLabel] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", lease.expires,
                                            absl::UTCTimeZone());
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncCreate(context, request, queue);
        },
        Ending<Answer>(std::move(done), absl::StatusCode::kAlreadyExists));
  }

  std::unique_ptr<RunningCall> Find(
      const std::string& list, absl::Duration timeout,
      AnswerDone<std::vector<Lease>> done) override {
    using Answer = leases::ListResponse;
    leases::ListRequest request;
    request.add_filters(LabelIs(kListLabel, list));
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncList(context, request, queue);
        },
        Converting<Answer>(std::move(done), [list](const Answer& answer) {
          return LeasesFor(list, answer);
        }));
  }

  std::unique_ptr<RunningCall> Resources(
      const std::string& lease_id, absl::Duration timeout,
      AnswerDone<std::vector<LeaseResource>> done) override {
    using Answer = leases::ListResourcesResponse;
    leases::ListResourcesRequest request;
    request.set_id(lease_id);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncListResources(context, request, queue);
        },
        Converting<Answer>(std::move(done), [](const Answer& answer) {
          std::vector<LeaseResource> resources;
          for (const leases::Resource& resource : answer.resources()) {
            resources.push_back({.id = resource.id(),
                                 .type = resource.type(),
                                 .kind = KindOf(resource.type())});
          }
          return resources;
        }));
  }

  std::unique_ptr<RunningCall> AddResource(const std::string& lease_id,
                                           const LeaseResource& resource,
                                           absl::Duration timeout,
                                           CallDone done) override {
    using Answer = google::protobuf::Empty;
    leases::AddResourceRequest request;
    request.set_id(lease_id);
    request.mutable_resource()->set_id(resource.id);
    request.mutable_resource()->set_type(resource.type);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncAddResource(context, request, queue);
        },
        Ending<Answer>(std::move(done)));
  }

  std::unique_ptr<RunningCall> Delete(const std::string& lease_id, bool collect,
                                      absl::Duration timeout,
                                      CallDone done) override {
    using Answer = google::protobuf::Empty;
    leases::DeleteRequest request;
    request.set_id(lease_id);
    request.set_sync(collect);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncDelete(context, request, queue);
        },
        Ending<Answer>(std::move(done), absl::StatusCode::kNotFound));
  }

 private:
  const std::unique_ptr<leases::Leases::Stub> leases_;
  CallQueue& calls_;
};

}  // namespace

std::unique_ptr<Leases> MakeContainerdLeases(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls) {
  return std::make_unique<ContainerdLeases>(channel, calls);
}

}  // namespace prepull
