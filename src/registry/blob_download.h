// One blob on its way, over as many answers as it takes.
//
// What came goes on to a sink; an answer that breaks off is continued where
// it stopped, also at another registry, since the digest is of the whole.
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
#include "src/registry/digest.h"

namespace prepull {

class BlobDownload {
 public:
  // Errors: UNIMPLEMENTED  the digest's algorithm.
  static absl::StatusOr<BlobDownload> Of(const ManifestBlob& blob,
                                         ByteSink sink);

  // For what is missing; without a range for all, of which the beginning is
  // skipped. It refers to this download.
  HttpRequest Request(bool with_range);

  // After the last byte. Errors: DATA_LOSS  size or digest are wrong.
  absl::Status Finish();

  const std::string& digest() const { return blob_.digest; }
  // How many bytes the sink has got.
  int64_t offset() const { return offset_; }
  // Whether anything of the answer to the last Request() came.
  bool is_begun() const { return is_begun_; }
  bool is_whole() const { return offset_ == blob_.size_bytes; }
  // Not OK once the sink, or wrong bytes that it has got, have ended the
  // download for good: no other registry can help any more.
  const absl::Status& failure() const { return failure_; }

 private:
  BlobDownload(const ManifestBlob& blob, ByteSink sink, Digester digester);

  // Whether what follows `head` can be what is missing.
  absl::Status Begin(const HttpResponse& head);
  absl::Status Take(absl::string_view piece);
  absl::Status CheckSize(int64_t found) const;

  const ManifestBlob blob_;
  ByteSink sink_;
  Digester digester_;
  int64_t offset_ = 0;
  int64_t to_skip_ = 0;    // of an answer that begins at the beginning
  bool is_begun_ = false;  // the answer at hand has shown where it begins
  absl::Status failure_ = absl::OkStatus();
};

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_BLOB_DOWNLOAD_H_
