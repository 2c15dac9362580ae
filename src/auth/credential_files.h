// Docker configs on disk: a file, or a folder of them as a Secret is mounted.
#ifndef PREPULL_SRC_AUTH_CREDENTIAL_FILES_H_
#define PREPULL_SRC_AUTH_CREDENTIAL_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/file_system.h"
#include "src/auth/docker_config.h"

namespace prepull {

// All that `path` has, in the order of the names if it is a folder.
//
// Of a folder every regular file is looked at but those that begin with "..",
// which are the kubelet's own, and no folder below it. One that is neither
// called like a docker config (.dockerconfigjson, .dockercfg, *.json) nor is
// one passes unmentioned: a Secret may have other keys. Errors, each naming
// the path: what FileSystem says of `path`; DATA_LOSS  it is no JSON;
// INVALID_ARGUMENT  it is no docker config, larger than 1 MiB, or neither file
// nor folder.
absl::StatusOr<DockerConfig> ReadDockerConfigs(const std::string& path,
                                               FileSystem& files);

// Whether such an error is of the moment: a file that is not there (yet), not
// to be read, or half written. What it says is not wrong by itself.
bool MayReadLater(const absl::Status& error);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_CREDENTIAL_FILES_H_
