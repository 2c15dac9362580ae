// Flags that several commands have. Each function declares the flags of one
// subject, bound to the options of the room that uses them.
#ifndef PREPULL_SRC_CLI_SHARED_FLAGS_H_
#define PREPULL_SRC_CLI_SHARED_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/preflight/image_disk.h"
#include "prepull/source/image_list.h"
#include "src/cli/command.h"

namespace prepull {

// An end: one of the two, or none.
struct Deadline {
  std::optional<absl::Duration> after = std::nullopt;  // from the start
  std::optional<absl::Time> at = std::nullopt;
};

// The file that the kubelet reads.
inline constexpr char kTerminationLog[] = "/dev/termination-log";

// Parses a duration or a time of RFC 3339.
absl::StatusOr<Deadline> ParseDeadline(const std::string& text);

// List files and rewrites, in the current group.
void AddListFileFlags(Command& command, ListInputs& inputs);

// The same and IMAGE arguments, in the group "What".
void AddListFlags(Command& command, ListInputs& inputs);

// The sources that need a registry and how registries are asked, in a group of
// their own.
void AddSourceFlags(Command& command, ListInputs& inputs);

// How registries are asked, in the current group.
void AddRegistryFlags(Command& command, RegistryOptions& options);

// Where registry credentials are found, in a group of their own.
void AddCredentialFlags(Command& command, CredentialOptions& options);

// Whether there is anywhere to find credentials.
bool HasCredentialSources(const CredentialOptions& options);

// The socket of the runtime.
void AddSocketFlag(Command& command, std::string& socket);

// Returns the value of --concurrency; 0 = auto. Errors: INVALID_ARGUMENT.
absl::StatusOr<int> ParseConcurrency(const std::string& text);

// Where the host's root is mounted, "/" by default.
void AddHostRootFlag(Command& command, std::string& host_root);

// What the node's disk must have, and how busy the node may be.
void AddFitnessFlags(Command& command, PreflightOptions& options);

// The end of the run.
void AddDeadlineFlag(Command& command, Deadline& deadline);

// Where the termination message goes.
void AddTerminationLogFlag(Command& command, std::string& path);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_SHARED_FLAGS_H_
