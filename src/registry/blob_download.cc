#include "src/registry/blob_download.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "src/registry/responses.h"

namespace prepull {

BlobDownload::BlobDownload(const ManifestBlob& blob, ByteSink sink,
                           Digester digester)
    : blob_(blob), sink_(sink), digester_(std::move(digester)) {}

absl::StatusOr<BlobDownload> BlobDownload::Of(const ManifestBlob& blob,
                                              ByteSink sink) {
  ASSIGN_OR_RETURN(Digester digester, Digester::For(blob.digest));
  return BlobDownload(blob, sink, std::move(digester));
}

HttpRequest BlobDownload::Request(bool with_range) {
  HttpRequest request;
  if (offset_ > 0 && with_range) {
    request.headers = {{"Range", absl::StrCat("bytes=", offset_, "-")}};
  }
  is_begun_ = false;
  request.sink = [this](const HttpResponse& head, absl::string_view piece) {
    // An error here ends the response, not the download.
    if (!is_begun_) RETURN_IF_ERROR(Begin(head));
    failure_ = Append(piece);
    return failure_;
  };
  return request;
}

absl::Status BlobDownload::Begin(const HttpResponse& head) {
  is_begun_ = true;
  to_skip_ = head.status == 206 ? 0 : offset_;
  if (head.status == 206 &&
      !absl::StartsWith(head.Header("Content-Range"),
                        absl::StrCat("bytes ", offset_, "-"))) {
    return absl::DataLossError(
        absl::StrCat("invalid Content-Range: expected bytes from ", offset_));
  }
  if (IsHtml(head)) {
    return absl::DataLossError("unexpected HTML page: expected a blob");
  }
  int64_t announced = 0;
  if (!absl::SimpleAtoi(head.Header("Content-Length"), &announced)) {
    return absl::OkStatus();
  }
  return CheckSize(offset_ - to_skip_ + announced);
}

absl::Status BlobDownload::Append(absl::string_view piece) {
  const size_t skipped = static_cast<size_t>(
      std::min(to_skip_, static_cast<int64_t>(piece.size())));
  to_skip_ -= static_cast<int64_t>(skipped);
  piece.remove_prefix(skipped);
  if (static_cast<int64_t>(piece.size()) > blob_.size_bytes - offset_) {
    return absl::DataLossError(
        absl::StrCat("blob: larger than ", blob_.size_bytes, " bytes"));
  }
  digester_.Update(piece);
  offset_ += static_cast<int64_t>(piece.size());
  return sink_(piece);
}

absl::Status BlobDownload::CheckSize(int64_t found) const {
  if (found == blob_.size_bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("blob: size mismatch: got ", found,
                                          " bytes, expected ",
                                          blob_.size_bytes));
}

absl::Status BlobDownload::Finish() {
  const absl::Status sized = CheckSize(offset_);
  if (offset_ > 0) failure_ = sized;
  RETURN_IF_ERROR(sized);
  const std::string found = digester_.Finish();
  if (found != blob_.digest) {
    failure_ = Annotate(DigestMismatch(found, blob_.digest), "blob");
  }
  return failure_;
}

}  // namespace prepull
