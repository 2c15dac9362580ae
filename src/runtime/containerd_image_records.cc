#include <cassert>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "containerd/images.grpc.pb.h"
#include "prepull/base/status_macros.h"
#include "src/runtime/containerd_call.h"
#include "src/runtime/containerd_filter.h"
#include "src/runtime/containerd_services.h"

namespace prepull {
namespace {

namespace images = ::containerd::services::images::v1;

using Labels = std::map<std::string, std::string>;
using LabelMap = google::protobuf::Map<std::string, std::string>;

// What the CRI plugin looks at.
constexpr char kPinnedLabel[] = "io.cri-containerd.pinned";
constexpr char kPinnedValue[] = "pinned";
// Makes a pin ours; its value is the hash of the list.
constexpr char kOurPinLabel[] = "prepull/pinned";

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

PinnedRecord FromProto(const images::Image& image) {
  const auto pin = image.labels().find(kPinnedLabel);
  const auto ours = image.labels().find(kOurPinLabel);
  const bool is_ours = ours != image.labels().end();
  return {
      .name = image.name(),
      .is_pinned = pin != image.labels().end() && pin->second == kPinnedValue,
      .is_ours = is_ours,
      .list = is_ours ? ours->second : ""};
}

class ContainerdImageRecords : public ImageRecords {
 public:
  explicit ContainerdImageRecords(const std::shared_ptr<grpc::Channel>& channel)
      : images_(images::Images::NewStub(channel)) {}

  absl::StatusOr<std::vector<PinnedRecord>> Pinned(
      const CallLimit& limit) override {
    images::ListImagesRequest request;
    // Records that match any of them.
    request.add_filters(HasLabel(kPinnedLabel));
    request.add_filters(HasLabel(kOurPinLabel));
    images::ListImagesResponse response;
    RETURN_IF_ERROR(
        BlockingContainerdCall(limit, [&](grpc::ClientContext& context) {
          return images_->List(&context, request, &response);
        }));
    std::vector<PinnedRecord> records;
    for (const images::Image& image : response.images()) {
      PinnedRecord record = FromProto(image);
      if (record.is_pinned || record.is_ours) {
        records.push_back(std::move(record));
      }
    }
    return records;
  }

  absl::Status Pin(const std::string& name, const std::string& list,
                   const CallLimit& limit) override {
    return UpdateLabels(
        name, {{kPinnedLabel, kPinnedValue}, {kOurPinLabel, list}}, {}, limit);
  }

  absl::Status Unpin(const std::string& name, const CallLimit& limit) override {
    return UpdateLabels(name, {}, {kPinnedLabel, kOurPinLabel}, limit);
  }

 private:
  // The record is read first and goes back whole.
  absl::Status UpdateLabels(const std::string& name, const Labels& set,
                            const std::vector<std::string>& removed,
                            const CallLimit& limit) {
    images::GetImageRequest get;
    get.set_name(name);
    images::GetImageResponse record;
    RETURN_IF_ERROR(
        BlockingContainerdCall(limit, [&](grpc::ClientContext& context) {
          return images_->Get(&context, get, &record);
        }));
    if (record.image().target().digest().empty()) {
      return absl::InternalError(
          absl::StrCat("change labels of ", name, ": record without a target"));
    }
    images::UpdateImageRequest update;
    *update.mutable_image() = std::move(*record.mutable_image());
    for (std::string& path :
         ChangeLabels(*update.mutable_image(), set, removed)) {
      update.mutable_update_mask()->add_paths(std::move(path));
    }
    return Update(update, limit);
  }

  // An update without a target kills containerd 1.7.24 and 2.1.9, and one
  // without a mask replaces the whole record.
  absl::Status Update(const images::UpdateImageRequest& request,
                      const CallLimit& limit) {
    assert(!request.image().target().digest().empty());
    if (request.update_mask().paths().empty()) return absl::OkStatus();
    images::UpdateImageResponse response;
    return BlockingContainerdCall(limit, [&](grpc::ClientContext& context) {
      return images_->Update(&context, request, &response);
    });
  }

  const std::unique_ptr<images::Images::Stub> images_;
};

}  // namespace

std::unique_ptr<ImageRecords> MakeContainerdImageRecords(
    const std::shared_ptr<grpc::Channel>& channel) {
  return std::make_unique<ContainerdImageRecords>(channel);
}

}  // namespace prepull
