// Where a blob came from, as containerd's labels name it. Pure.
#ifndef PREPULL_SRC_RUNTIME_BLOB_SOURCE_H_
#define PREPULL_SRC_RUNTIME_BLOB_SOURCE_H_

#include <string>

#include "prepull/image/reference.h"

namespace prepull {

struct BlobSource {
  std::string host;        // of the registry, without its port
  std::string repository;  // "team/app"
};

BlobSource SourceOf(const Reference& image);

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_BLOB_SOURCE_H_
