// The command lines of other tools' Jobs, for an image in which prepull stands
// where they expect a shell (scripts/image --drop-in). Runs no shell.
//
// Two are understood, TALM's pre-cache and lifecycle-agent's workload. Each
// becomes a fetch that reads, asks and writes where that tool would, below
// /host: both mount the host's folders there.
// Source: controllers/templates/precache-templates.go and pre-cache/common.sh
// in https://github.com/openshift-kni/cluster-group-upgrades-operator;
// internal/precache/helper.go in
// https://github.com/openshift-kni/lifecycle-agent
#ifndef PREPULL_SRC_CLI_DROP_IN_H_
#define PREPULL_SRC_CLI_DROP_IN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "src/cli/command_context.h"

namespace prepull {

// Whether the program was started as "sh" or "bash", with or without a folder.
bool IsShellName(absl::string_view program);

// What a command line means here.
struct ShellCall {
  std::vector<std::string> words;  // "fetch" and its flags
  std::vector<Notice> notices;
};

// Reads the arguments of the shell. A flag whose variable of prepull
// (PREPULL_CRI_SOCKET, ...) is set is left to that. Errors: INVALID_ARGUMENT
// another command line; names the two.
absl::StatusOr<ShellCall> ReadShellCall(
    const std::vector<std::string>& arguments, const Host& host,
    FileSystem& files);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_DROP_IN_H_
