// Reads the sources of a Prepull, once for all nodes.
#ifndef PREPULL_SRC_CONTROLLER_SOURCE_READER_H_
#define PREPULL_SRC_CONTROLLER_SOURCE_READER_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/file_system.h"
#include "prepull/base/host.h"
#include "prepull/kube/kube_client.h"
#include "prepull/source/image_list.h"
#include "src/controller/prepull_spec.h"

namespace prepull {

struct SourceReaderOptions {
  std::string name_space = "";  // of ConfigMaps of TALM's form
  // Without images and sources: how registries are asked.
  ListInputs inputs = {};
  absl::Duration timeout = absl::Minutes(5);
};

struct SourceReaderSeams {
  Host& host;
  FileSystem& files;
  Clock& clock;
  KubeClient& client;
};

// Returns the list in its normal form: the images that the spec names, then
// those of each source. Blocks. Errors, each naming the source:
//   INVALID_ARGUMENT  a source is malformed, or resolves to nothing
//   others            it cannot be read now
absl::StatusOr<std::string> ReadSources(const PrepullSpec& spec,
                                        const SourceReaderOptions& options,
                                        const SourceReaderSeams& seams,
                                        const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_SOURCE_READER_H_
