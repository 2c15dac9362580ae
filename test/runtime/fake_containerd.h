// containerd's services as far as the extension uses them, with answers that
// the test sets and requests that it looks at afterwards.
//
// Threads: gRPC calls from its own; a test looks only between its calls.
#ifndef PREPULL_TEST_RUNTIME_FAKE_CONTAINERD_H_
#define PREPULL_TEST_RUNTIME_FAKE_CONTAINERD_H_

#include <grpcpp/server_context.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "containerd/content.grpc.pb.h"
#include "containerd/images.grpc.pb.h"
#include "containerd/leases.grpc.pb.h"
#include "cri/image_service.grpc.pb.h"
#include "cri/runtime_service.grpc.pb.h"

namespace prepull {

namespace content = ::containerd::services::content::v1;
namespace images = ::containerd::services::images::v1;
namespace leases = ::containerd::services::leases::v1;
namespace cri = ::runtime::v1;

inline grpc::Status NotFound() {
  return {grpc::StatusCode::NOT_FOUND, "not found"};
}

// The values that each call sent of one metadata key; none is "".
class SeenMetadata {
 public:
  explicit SeenMetadata(std::string key) : key_(std::move(key)) {}

  void Note(const grpc::ServerContext& context) {
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find(key_);
    std::lock_guard lock(mutex_);
    values_.push_back(
        found == metadata.end()
            ? ""
            : std::string(found->second.begin(), found->second.end()));
  }

  std::vector<std::string> values() {
    std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  const std::string key_;
  std::mutex mutex_;
  std::vector<std::string> values_;
};

struct FakeLeases : leases::Leases::Service {
  explicit FakeLeases(SeenMetadata& metadata) : seen(metadata) {}

  grpc::Status Create(grpc::ServerContext* context,
                      const leases::CreateRequest* request,
                      leases::CreateResponse*) override {
    seen.Note(*context);
    created = *request;
    return create_answer;
  }
  grpc::Status Delete(grpc::ServerContext* context,
                      const leases::DeleteRequest* request,
                      google::protobuf::Empty*) override {
    seen.Note(*context);
    deleted = *request;
    return delete_answer;
  }
  grpc::Status List(grpc::ServerContext* context,
                    const leases::ListRequest* request,
                    leases::ListResponse* response) override {
    seen.Note(*context);
    filters = {request->filters().begin(), request->filters().end()};
    *response = listed;
    if (held.valid()) held.wait();
    return grpc::Status::OK;
  }
  grpc::Status AddResource(grpc::ServerContext* context,
                           const leases::AddResourceRequest* request,
                           google::protobuf::Empty*) override {
    seen.Note(*context);
    *resources.add_resources() = request->resource();
    return grpc::Status::OK;
  }
  grpc::Status ListResources(grpc::ServerContext* context,
                             const leases::ListResourcesRequest*,
                             leases::ListResourcesResponse* answer) override {
    seen.Note(*context);
    *answer = resources;
    return grpc::Status::OK;
  }

  SeenMetadata& seen;
  leases::CreateRequest created;
  grpc::Status create_answer;
  leases::DeleteRequest deleted;
  grpc::Status delete_answer;
  std::vector<std::string> filters;
  leases::ListResponse listed;
  std::shared_future<void> held;  // List ends when it is ready
  leases::ListResourcesResponse resources;
};

// What is open for writing, as containerd locks it.
class Writes {
 public:
  bool Lock(const std::string& ref) {
    std::lock_guard lock(mutex_);
    const bool is_new = locked_.insert(ref).second;
    changed_.notify_all();
    return is_new;
  }
  void Unlock(const std::string& ref) {
    std::lock_guard lock(mutex_);
    locked_.erase(ref);
    changed_.notify_all();
  }
  void WaitForLocks(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return locked_.size() == count; });
  }
  void NoteLease(const std::string& lease) {
    std::lock_guard lock(mutex_);
    leases_.push_back(lease);
  }
  void NoteAbort(const std::string& ref) {
    std::lock_guard lock(mutex_);
    aborted_.push_back(ref + (locked_.contains(ref) ? " (locked)" : ""));
  }
  std::vector<std::string> leases() {
    std::lock_guard lock(mutex_);
    return leases_;
  }
  std::vector<std::string> aborted() {
    std::lock_guard lock(mutex_);
    return aborted_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> locked_;
  std::vector<std::string> leases_;  // that each Write came with
  std::vector<std::string> aborted_;
};

struct FakeContent : content::Content::Service {
  explicit FakeContent(SeenMetadata& metadata) : seen(metadata) {}

  grpc::Status Info(grpc::ServerContext* context,
                    const content::InfoRequest* request,
                    content::InfoResponse* response) override {
    seen.Note(*context);
    if (request->digest() != info.digest()) return NotFound();
    *response->mutable_info() = info;
    return grpc::Status::OK;
  }
  grpc::Status List(
      grpc::ServerContext* context, const content::ListContentRequest* request,
      grpc::ServerWriter<content::ListContentResponse>* writer) override {
    seen.Note(*context);
    filters = {request->filters().begin(), request->filters().end()};
    for (const auto& part : listed) writer->Write(part);
    if (held.valid()) held.wait();
    return grpc::Status::OK;
  }
  grpc::Status Read(
      grpc::ServerContext* context, const content::ReadContentRequest*,
      grpc::ServerWriter<content::ReadContentResponse>* writer) override {
    seen.Note(*context);
    content::ReadContentResponse part;
    for (const std::string& bytes : blob) {
      part.set_data(bytes);
      writer->Write(part);
    }
    return grpc::Status::OK;
  }
  grpc::Status ListStatuses(grpc::ServerContext* context,
                            const content::ListStatusesRequest*,
                            content::ListStatusesResponse* response) override {
    seen.Note(*context);
    *response = statuses;
    return grpc::Status::OK;
  }
  grpc::Status Write(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<content::WriteContentResponse,
                               content::WriteContentRequest>* stream) override {
    seen.Note(*context);
    SeenMetadata lease("containerd-lease");
    lease.Note(*context);
    writes.NoteLease(lease.values()[0]);
    content::WriteContentRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    const std::string ref = request.ref();
    if (!writes.Lock(ref)) {
      return {grpc::StatusCode::UNAVAILABLE, "ref " + ref + " locked for 1s"};
    }
    do {
      stream->Write(content::WriteContentResponse());
    } while (stream->Read(&request));
    writes.Unlock(ref);
    return grpc::Status::OK;
  }
  grpc::Status Abort(grpc::ServerContext* context,
                     const content::AbortRequest* request,
                     google::protobuf::Empty*) override {
    seen.Note(*context);
    writes.NoteAbort(request->ref());
    return abort_answer;
  }

  SeenMetadata& seen;
  content::Info info;
  std::vector<std::string> filters;
  std::vector<content::ListContentResponse> listed;
  std::shared_future<void> held;  // List ends when it is ready
  std::vector<std::string> blob;
  Writes writes;
  grpc::Status abort_answer;
  content::ListStatusesResponse statuses;
};

struct FakeImages : images::Images::Service {
  explicit FakeImages(SeenMetadata& metadata) : seen(metadata) {}

  grpc::Status Get(grpc::ServerContext* context,
                   const images::GetImageRequest* request,
                   images::GetImageResponse* response) override {
    seen.Note(*context);
    if (request->name() != record.name()) return NotFound();
    *response->mutable_image() = record;
    return grpc::Status::OK;
  }
  grpc::Status List(grpc::ServerContext* context,
                    const images::ListImagesRequest* request,
                    images::ListImagesResponse* response) override {
    seen.Note(*context);
    filters = {request->filters().begin(), request->filters().end()};
    *response->add_images() = record;
    return grpc::Status::OK;
  }
  grpc::Status Update(grpc::ServerContext* context,
                      const images::UpdateImageRequest* request,
                      images::UpdateImageResponse*) override {
    seen.Note(*context);
    updates.push_back(*request);
    return grpc::Status::OK;
  }

  SeenMetadata& seen;
  images::Image record;
  std::vector<std::string> filters;
  std::vector<images::UpdateImageRequest> updates;
};

struct FakeVersion : cri::RuntimeService::Service {
  grpc::Status Version(grpc::ServerContext*, const cri::VersionRequest*,
                       cri::VersionResponse* response) override {
    response->set_runtime_name(name);
    return grpc::Status::OK;
  }

  std::string name = "containerd";
};

struct FakeCri : cri::ImageService::Service {
  grpc::Status PullImage(grpc::ServerContext* context,
                         const cri::PullImageRequest*,
                         cri::PullImageResponse* response) override {
    seen.Note(*context);
    response->set_image_ref("sha256:id");
    return grpc::Status::OK;
  }

  SeenMetadata seen{"containerd-lease"};
};

}  // namespace prepull

#endif  // PREPULL_TEST_RUNTIME_FAKE_CONTAINERD_H_
