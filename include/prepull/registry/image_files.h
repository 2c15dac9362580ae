// Reads files from an image's layers without unpacking the image.
//
// The layers are streamed from top to bottom, so the first file seen under a
// name is the one in the image; whiteouts and opaque folders are honoured.
// Symbolic and hard links are followed within the image; each level of links
// streams the layers once more.
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

  // The number of layers; layer 0 is the lowest.
  virtual int count() const = 0;

  // Pushes the whole `layer`, as compressed, to `sink`. Called from another
  // thread, one call at a time. Errors: its own; DATA_LOSS  digest mismatch.
  virtual absl::Status Read(int layer, ByteSink sink) = 0;

  // Not OK once reading must end. Called for each decompressed piece, since a
  // few compressed bytes can take minutes.
  virtual absl::Status MayGoOn() const { return absl::OkStatus(); }
};

class FileReceiver {
 public:
  virtual ~FileReceiver() = default;

  // Starts a file. A path that came before is replaced.
  virtual absl::Status Open(const std::string& path) = 0;
  virtual absl::Status Append(absl::string_view bytes) = 0;
  virtual absl::Status Close() = 0;
};

// Passes the regular file at `path`, or all files below it if it is a folder,
// to `receiver`, by their paths in the image without a leading slash (links
// resolved). The result is valid only if this returns OK: only then are the
// layers verified. Errors: those of the layers and the receiver;
//   NOT_FOUND  no such file
//   RESOURCE_EXHAUSTED  a file larger than `limit_bytes`, or too many links
//   DATA_LOSS  a corrupt layer
absl::Status ReadImageFiles(ImageLayers& layers, const std::string& path,
                            int64_t limit_bytes, FileReceiver& receiver);

}  // namespace prepull

#endif  // PREPULL_REGISTRY_IMAGE_FILES_H_
