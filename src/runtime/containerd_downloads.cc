#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "containerd/content.grpc.pb.h"
#include "src/runtime/containerd_call.h"
#include "src/runtime/containerd_filter.h"
#include "src/runtime/containerd_services.h"
#include "src/runtime/download_lock.h"

namespace prepull {
namespace {

namespace content = ::containerd::services::content::v1;

constexpr int64_t kMaxBlobBytes = 8 << 20;
constexpr size_t kMaxBlobs = 100'000;

// With these labels the garbage collector follows a manifest to its blobs.
constexpr char kConfigLabel[] = "containerd.io/gc.ref.content.config";
constexpr char kBlobLabels[] = "containerd.io/gc.ref.content.";

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

StoredBlob FromProto(const content::Info& info) {
  StoredBlob blob = {.digest = info.digest(),
                     .size_bytes = info.size(),
                     .created_at = FromProto(info.created_at())};
  for (const auto& [key, value] : info.labels()) {
    if (!absl::StartsWith(key, kBlobLabels)) continue;
    if (key == kConfigLabel) blob.config = value;
    blob.refers_to.push_back(value);
  }
  return blob;
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

bool CameFrom(const content::Info& blob, const std::string& source,
              absl::string_view repository) {
  const auto repositories = blob.labels().find(source);
  if (repositories == blob.labels().end()) return false;
  const std::vector<absl::string_view> list =
      absl::StrSplit(repositories->second, ',');
  return std::find(list.begin(), list.end(), repository) != list.end();
}

absl::Status AddBlobs(const content::ListContentResponse& part,
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

class ContainerdDownloads : public Downloads {
 public:
  ContainerdDownloads(const std::shared_ptr<grpc::Channel>& channel,
                      CallQueue& calls)
      : content_(content::Content::NewStub(channel)), calls_(calls) {}

  std::unique_ptr<RunningCall> List(
      absl::Duration timeout,
      AnswerDone<std::vector<OpenDownload>> done) override {
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

  std::unique_ptr<RunningCall> Drop(const std::string& ref,
                                    absl::Duration timeout,
                                    CallDone done) override {
    return DropDownload({*content_, calls_, ref}, timeout, std::move(done));
  }

  std::unique_ptr<RunningCall> Hold(const std::string& ref,
                                    const std::string& lease_id) override {
    return HoldDownload({*content_, calls_, ref}, lease_id);
  }

  std::unique_ptr<RunningCall> FindBlobs(
      const Reference& image, absl::Duration timeout,
      AnswerDone<std::vector<StoredBlob>> done) override {
    using Part = content::ListContentResponse;
    const BlobSource from = SourceOf(image);
    const std::string source =
        absl::StrCat("containerd.io/distribution.source.", from.host);
    content::ListContentRequest request;
    request.add_filters(LabelLists(source, from.repository));
    auto blobs = std::make_shared<std::vector<StoredBlob>>();
    return calls_.Collect<Part>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          Prepare(*context, timeout);
          return content_->PrepareAsyncList(context, request, queue);
        },
        [blobs, source, repository = from.repository](const Part& part) {
          return AddBlobs(part, source, repository, *blobs);
        },
        Handing(blobs, std::move(done)));
  }

  std::unique_ptr<RunningCall> FindBlob(const std::string& digest,
                                        absl::Duration timeout,
                                        AnswerDone<StoredBlob> done) override {
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
                                        AnswerDone<std::string> done) override {
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

 private:
  const std::unique_ptr<content::Content::Stub> content_;
  CallQueue& calls_;
};

}  // namespace

std::unique_ptr<Downloads> MakeContainerdDownloads(
    const std::shared_ptr<grpc::Channel>& channel, CallQueue& calls) {
  return std::make_unique<ContainerdDownloads>(channel, calls);
}

}  // namespace prepull
