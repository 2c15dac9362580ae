#include "src/runtime/containerd_extension.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "containerd/content.grpc.pb.h"
#include "containerd/images.grpc.pb.h"
#include "containerd/leases.grpc.pb.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/blocking_call.h"
#include "src/runtime/containerd_call.h"
#include "src/runtime/containerd_filter.h"
#include "src/runtime/download_lock.h"

namespace prepull {
namespace {

namespace content = ::containerd::services::content::v1;
namespace images = ::containerd::services::images::v1;
namespace leases = ::containerd::services::leases::v1;

using LabelMap = google::protobuf::Map<std::string, std::string>;

constexpr int64_t kMaxBlobBytes = 8 << 20;
constexpr size_t kMaxBlobs = 100'000;

Labels FromProto(const LabelMap& labels) {
  Labels copy;
  for (const auto& [key, value] : labels) copy[key] = value;
  return copy;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

StoredBlob FromProto(const content::Info& info) {
  return {.digest = info.digest(),
          .size_bytes = info.size(),
          .created_at = FromProto(info.created_at()),
          .labels = FromProto(info.labels())};
}

// "sha256:..." of "layer-sha256:...", "manifest-sha256:..." and their like;
// empty for what was not named by a digest.
std::string DigestOfDownload(absl::string_view ref) {
  const size_t dash = ref.rfind('-');
  if (dash == absl::string_view::npos || dash == 0) return "";
  const absl::string_view digest = ref.substr(dash + 1);
  const std::pair<absl::string_view, absl::string_view> algorithm_hex =
      absl::StrSplit(digest, absl::MaxSplits(':', 1));
  const auto& [algorithm, hex] = algorithm_hex;
  const bool whole = !algorithm.empty() && hex.size() >= 32 &&
                     std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit);
  return whole ? std::string(digest) : "";
}

std::vector<OpenDownload> FromProto(
    const content::ListStatusesResponse& response) {
  std::vector<OpenDownload> downloads;
  for (const content::Status& status : response.statuses()) {
    std::string digest = DigestOfDownload(status.ref());
    if (digest.empty()) continue;
    downloads.push_back({.digest = std::move(digest),
                         .offset_bytes = status.offset(),
                         .ref = status.ref()});
  }
  return downloads;
}

// The server filters too; it is not relied on.
std::vector<Lease> LeasesWith(const std::string& key, const std::string& value,
                              const leases::ListResponse& response) {
  std::vector<Lease> found;
  for (const leases::Lease& lease : response.leases()) {
    Labels labels = FromProto(lease.labels());
    const auto label = labels.find(key);
    if (label == labels.end() || label->second != value) continue;
    found.push_back({.id = lease.id(), .labels = std::move(labels)});
  }
  return found;
}

bool CameFrom(const content::Info& blob, const std::string& source,
              absl::string_view repository) {
  const auto repositories = blob.labels().find(source);
  if (repositories == blob.labels().end()) return false;
  const std::vector<absl::string_view> list =
      absl::StrSplit(repositories->second, ',');
  return std::find(list.begin(), list.end(), repository) != list.end();
}

absl::Status TakeBlobs(const content::ListContentResponse& part,
                       const std::string& source, absl::string_view repository,
                       std::vector<StoredBlob>& blobs) {
  if (blobs.size() + part.info_size() > kMaxBlobs) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "list content of ", repository, ": more than ", kMaxBlobs, " blobs"));
  }
  for (const content::Info& blob : part.info()) {
    if (CameFrom(blob, source, repository)) blobs.push_back(FromProto(blob));
  }
  return absl::OkStatus();
}

// Brings `record` to the wanted labels; returns the field mask's paths of
// those that had another value. A path whose label is gone removes it.
std::vector<std::string> ChangeLabels(images::Image& record, const Labels& set,
                                      const std::vector<std::string>& removed) {
  std::vector<std::string> paths;
  LabelMap& labels = *record.mutable_labels();
  for (const auto& [key, value] : set) {
    const auto old = labels.find(key);
    if (old != labels.end() && old->second == value) continue;
    labels[key] = value;
    paths.push_back(absl::StrCat("labels.", key));
  }
  for (const std::string& key : removed) {
    if (labels.erase(key) > 0) paths.push_back(absl::StrCat("labels.", key));
  }
  return paths;
}

class ContainerdExtension : public RuntimeExtension {
 public:
  ContainerdExtension(const std::shared_ptr<grpc::Channel>& channel,
                      CallQueue& calls)
      : leases_(leases::Leases::NewStub(channel)),
        content_(content::Content::NewStub(channel)),
        images_(images::Images::NewStub(channel)),
        calls_(calls) {}

  absl::Status Probe(const Limit& limit) override {
    leases::ListRequest request;
    request.add_filters("id==prepull");  // a short answer
    leases::ListResponse response;
    return Ask(limit, [&](grpc::ClientContext& context) {
      return leases_->List(&context, request, &response);
    });
  }

  std::unique_ptr<RunningCall> CreateLease(const Lease& lease,
                                           absl::Duration timeout,
                                           Finished done) override {
    using Answer = leases::CreateResponse;
    leases::CreateRequest request;
    request.set_id(lease.id);
    request.mutable_labels()->insert(lease.labels.begin(), lease.labels.end());
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncCreate(context, request, queue);
        },
        Ending<Answer>(std::move(done), absl::StatusCode::kAlreadyExists));
  }

  std::unique_ptr<RunningCall> FindLeases(
      const std::string& key, const std::string& value, absl::Duration timeout,
      Done<std::vector<Lease>> done) override {
    using Answer = leases::ListResponse;
    leases::ListRequest request;
    request.add_filters(LabelIs(key, value));
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return leases_->AsyncList(context, request, queue);
        },
        Converting<Answer>(std::move(done), [key, value](const Answer& answer) {
          return LeasesWith(key, value, answer);
        }));
  }

  std::unique_ptr<RunningCall> LeaseResources(
      const std::string& lease_id, absl::Duration timeout,
      Done<std::vector<LeaseResource>> done) override {
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
            resources.push_back({.id = resource.id(), .type = resource.type()});
          }
          return resources;
        }));
  }

  std::unique_ptr<RunningCall> AddLeaseResource(const std::string& lease_id,
                                                const LeaseResource& resource,
                                                absl::Duration timeout,
                                                Finished done) override {
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

  std::unique_ptr<RunningCall> DeleteLease(const std::string& lease_id,
                                           bool collect, absl::Duration timeout,
                                           Finished done) override {
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

  std::unique_ptr<RunningCall> ListDownloads(
      absl::Duration timeout, Done<std::vector<OpenDownload>> done) override {
    using Answer = content::ListStatusesResponse;
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return content_->AsyncListStatuses(
              context, content::ListStatusesRequest(), queue);
        },
        Converting<Answer>(std::move(done), [](const Answer& answer) {
          return FromProto(answer);
        }));
  }

  std::unique_ptr<RunningCall> DropDownload(const std::string& ref,
                                            absl::Duration timeout,
                                            Finished done) override {
    return prepull::DropDownload({*content_, calls_, ref}, timeout,
                                 std::move(done));
  }

  std::unique_ptr<RunningCall> HoldDownload(
      const std::string& ref, const std::string& lease_id) override {
    return prepull::HoldDownload({*content_, calls_, ref}, lease_id);
  }

  std::unique_ptr<RunningCall> FindBlobs(
      const std::string& host, const std::string& repository,
      absl::Duration timeout, Done<std::vector<StoredBlob>> done) override {
    using Part = content::ListContentResponse;
    const std::string source =
        absl::StrCat("containerd.io/distribution.source.", host);
    content::ListContentRequest request;
    request.add_filters(LabelLists(source, repository));
    auto blobs = std::make_shared<std::vector<StoredBlob>>();
    return calls_.Collect<Part>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return content_->PrepareAsyncList(context, request, queue);
        },
        [blobs, source, repository](const Part& part) {
          return TakeBlobs(part, source, repository, *blobs);
        },
        Handing(blobs, std::move(done)));
  }

  std::unique_ptr<RunningCall> FindBlob(const std::string& digest,
                                        absl::Duration timeout,
                                        Done<StoredBlob> done) override {
    using Answer = content::InfoResponse;
    content::InfoRequest request;
    request.set_digest(digest);
    return calls_.Ask<Answer>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return content_->AsyncInfo(context, request, queue);
        },
        Converting<Answer>(std::move(done), [](const Answer& answer) {
          return FromProto(answer.info());
        }));
  }

  std::unique_ptr<RunningCall> ReadBlob(const std::string& digest,
                                        absl::Duration timeout,
                                        Done<std::string> done) override {
    using Part = content::ReadContentResponse;
    content::ReadContentRequest request;
    request.set_digest(digest);
    request.set_size(kMaxBlobBytes + 1);  // tells a larger one
    auto bytes = std::make_shared<std::string>();
    return calls_.Collect<Part>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return content_->PrepareAsyncRead(context, request, queue);
        },
        [bytes, digest](const Part& part) {
          if (bytes->size() + part.data().size() > kMaxBlobBytes) {
            return absl::ResourceExhaustedError(absl::StrCat(
                "read ", digest, ": more than ", kMaxBlobBytes, " bytes"));
          }
          bytes->append(part.data());
          return absl::OkStatus();
        },
        Handing(bytes, std::move(done)));
  }

  absl::StatusOr<std::vector<ImageRecord>> RecordsWithLabel(
      const std::string& key, const Limit& limit) override {
    images::ListImagesRequest request;
    request.add_filters(HasLabel(key));
    images::ListImagesResponse response;
    RETURN_IF_ERROR(Ask(limit, [&](grpc::ClientContext& context) {
      return images_->List(&context, request, &response);
    }));
    std::vector<ImageRecord> records;
    for (const images::Image& image : response.images()) {
      if (!image.labels().contains(key)) continue;
      records.push_back(
          {.name = image.name(), .labels = FromProto(image.labels())});
    }
    return records;
  }

  absl::Status UpdateRecordLabels(const std::string& name, const Labels& set,
                                  const std::vector<std::string>& removed,
                                  const Limit& limit) override {
    images::GetImageRequest get;
    get.set_name(name);
    images::GetImageResponse record;
    RETURN_IF_ERROR(Ask(limit, [&](grpc::ClientContext& context) {
      return images_->Get(&context, get, &record);
    }));
    if (record.image().target().digest().empty()) {
      return absl::InternalError(absl::StrCat(
          "change labels of ", name, ": its record came without a target"));
    }
    images::UpdateImageRequest update;
    *update.mutable_image() = std::move(*record.mutable_image());
    for (std::string& path :
         ChangeLabels(*update.mutable_image(), set, removed)) {
      update.mutable_update_mask()->add_paths(std::move(path));
    }
    return Update(update, limit);
  }

 private:
  // An update without a target kills containerd 1.7.24 and 2.1.9, and one
  // without a mask replaces the whole record.
  absl::Status Update(const images::UpdateImageRequest& request,
                      const Limit& limit) {
    assert(!request.image().target().digest().empty());
    if (request.update_mask().paths().empty()) return absl::OkStatus();
    images::UpdateImageResponse response;
    return Ask(limit, [&](grpc::ClientContext& context) {
      return images_->Update(&context, request, &response);
    });
  }

  static absl::Status Ask(
      const Limit& limit,
      absl::FunctionRef<grpc::Status(grpc::ClientContext&)> call) {
    return BlockingCall(limit.timeout, limit.stop,
                        [&](grpc::ClientContext& context) {
                          SetNamespace(context);
                          return call(context);
                        });
  }

  std::unique_ptr<leases::Leases::Stub> leases_;
  std::unique_ptr<content::Content::Stub> content_;
  std::unique_ptr<images::Images::Stub> images_;
  CallQueue& calls_;
};

}  // namespace

std::unique_ptr<RuntimeExtension> MakeContainerdExtension(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls) {
  return std::make_unique<ContainerdExtension>(channel, calls);
}

}  // namespace prepull
