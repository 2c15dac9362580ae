// Files out of an image's layers, without unpacking the image.
//
// The layers are streamed from the top one down, so that the first file seen
// under a name is the one the image shows; whiteouts and opaque folders are
// honoured. Symbolic and hard links are followed inside of the image, never
// outside; each step along one streams the layers once more.
// Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
#ifndef PREPULL_REGISTRY_IMAGE_FILES_H_
#define PREPULL_REGISTRY_IMAGE_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/registry/byte_stream.h"

namespace prepull {

class ImageLayers {
 public:
  virtual ~ImageLayers() = default;

  // How many; 0 is the lowest.
  virtual int count() const = 0;

  // Pushes the whole of `layer`, as packed, to `sink`. Called from another
  // thread, one call at a time. Errors: its own; DATA_LOSS  the bytes do not
  // have the layer's digest.
  virtual absl::Status Read(int layer, ByteSink sink) = 0;

  // Not OK once reading is to end. Asked at every piece that is unpacked: what
  // a few packed bytes hold can take minutes to look through.
  virtual absl::Status MayGoOn() const { return absl::OkStatus(); }
};

class FileReceiver {
 public:
  virtual ~FileReceiver() = default;

  // A file begins; a path that was there before replaces what it held then.
  virtual absl::Status Open(const std::string& path) = 0;
  virtual absl::Status Append(absl::string_view bytes) = 0;
  virtual absl::Status Close() = 0;
};

// Hands `receiver` the regular file at `path`, or all below it if it is a
// folder, under their paths in the image without a leading slash (where a link
// led there, the path behind the link). What it has received counts only if
// this returns OK: only then are the layers verified. Errors: the layers' and
// the receiver's;
//   NOT_FOUND  there is no such file
//   RESOURCE_EXHAUSTED  a file is larger than `limit_bytes`, or links too deep
//   DATA_LOSS  a layer cannot be unpacked
absl::Status ReadImageFiles(ImageLayers& layers, const std::string& path,
                            int64_t limit_bytes, FileReceiver& receiver);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_IMAGE_FILES_H_
