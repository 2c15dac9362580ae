// Which images a command is about, and on which runtime: the flags that fetch
// and check share.
#ifndef PREPULL_SRC_CLI_IMAGE_ARGUMENTS_H_
#define PREPULL_SRC_CLI_IMAGE_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/list/image_request.h"
#include "prepull/runtime/socket_discovery.h"
#include "src/cli/command_context.h"
#include "src/cli/source_flags.h"

namespace prepull {

struct ImageArguments {
  std::vector<std::string> words;  // images named on the command line
  std::vector<std::string> list_files;
  std::vector<std::string> rewrites;  // "FROM=TO"
  SourceArguments sources;            // of commands that have AddSourceFlags
  std::string cri_socket;
};

// Lists and images alone.
void AddListFlags(Command& command, ImageArguments& arguments);

// Those and, as a group of its own, the runtime's socket.
void AddImageArguments(Command& command, ImageArguments& arguments);

// The runtime's socket alone.
void AddSocketFlag(Command& command, ImageArguments& arguments);

struct ImageList {
  std::vector<ImageRequest> requests;           // each image once
  std::vector<std::string> unused_rewrites;     // rules that fitted no image
  std::optional<int64_t> space_required_bytes;  // as a source says
};

// The list as asked for: of files, of the command line, of sources.
// `keeps_failures`: as for ReadSources. Errors: INVALID_ARGUMENT and what
// reading a file says, for a list or a source that is unreadable, or a list
// that is empty; those for which IsOutOfTime holds.
absl::StatusOr<ImageList> ReadImages(const ImageArguments& arguments,
                                     const CommandContext& context,
                                     Instant until,
                                     bool keeps_failures = false);

// Whether ReadImages was interrupted, or was not done by its deadline: standard
// input did not end, or a registry was away. Then it may be had another time.
bool IsOutOfTime(const absl::Status& error);

// Warns of rules that did nothing: they are probably misspelt.
void WarnOfUnused(const ImageList& list);

// The socket that was named, or the ones to try. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::vector<std::string>> SocketsToTry(
    const ImageArguments& arguments, const Host& host);

// Connects and says to whom in the log, within 10 s and before `until`. Errors
// as FindRuntime.
absl::StatusOr<FoundRuntime> Connect(const std::vector<std::string>& sockets,
                                     const CommandContext& context,
                                     Instant until = Instant::Never());

// What to type if a socket that was named cannot be connected to, or "".
std::string SocketHint(const ImageArguments& arguments, const Host& host);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_IMAGE_ARGUMENTS_H_
