// Downloads one blob, over as many responses as it takes.
//
// The bytes go to a sink as they come. A response that breaks off is continued
// where it stopped, also at another registry, since the digest is that of the
// whole blob.
#ifndef PREPULL_SRC_REGISTRY_BLOB_DOWNLOAD_H_
#define PREPULL_SRC_REGISTRY_BLOB_DOWNLOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"
#include "prepull/image/manifest.h"
#include "prepull/registry/byte_stream.h"
#include "src/registry/digester.h"

namespace prepull {

class BlobDownload {
 public:
  // Errors: UNIMPLEMENTED  the algorithm of the digest is unknown.
  static absl::StatusOr<BlobDownload> Of(const ManifestBlob& blob,
                                         ByteSink sink);

  // Returns a request for the missing bytes or, without a range, for the whole
  // blob, whose beginning is then skipped. Refers to this object.
  HttpRequest Request(bool with_range);

  // Verifies the blob after its last byte. Errors: DATA_LOSS  size or digest do
  // not match.
  absl::Status Finish();

  const std::string& digest() const { return blob_.digest; }
  // The number of bytes passed to the sink.
  int64_t offset() const { return offset_; }
  // Whether anything came of the response to the last Request().
  bool is_begun() const { return is_begun_; }
  bool is_whole() const { return offset_ == blob_.size_bytes; }
  // Not OK once the download has failed for good, by an error of the sink or by
  // wrong bytes passed to it: no other registry can continue it.
  const absl::Status& failure() const { return failure_; }

 private:
  BlobDownload(const ManifestBlob& blob, ByteSink sink, Digester digester);

  // Checks that the missing bytes can follow `head`.
  absl::Status Begin(const HttpResponse& head);
  absl::Status Append(absl::string_view piece);
  absl::Status CheckSize(int64_t found) const;

  const ManifestBlob blob_;
  ByteSink sink_;
  Digester digester_;
  int64_t offset_ = 0;
  int64_t to_skip_ = 0;    // of a response that starts at byte 0
  bool is_begun_ = false;  // the current response has passed Begin()
  absl::Status failure_ = absl::OkStatus();
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_BLOB_DOWNLOAD_H_
