#include "src/cli/image_arguments.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/list/image_list.h"
#include "prepull/list/list_file.h"
#include "prepull/list/rewrite.h"
#include "prepull/runtime/cri_client.h"

namespace prepull {
namespace {

constexpr int64_t kLargestList = 64 << 20;
constexpr absl::Duration kConnectTimeout = absl::Seconds(10);

absl::StatusOr<std::string> ReadList(const std::string& path,
                                     const CommandContext& context,
                                     Instant until) {
  if (path != "-") return context.files.ReadFile(path, kLargestList);
  absl::StatusOr<std::string> text =
      context.host.ReadInput(kLargestList, until, context.stop);
  if (text.ok()) return text;
  return Annotate(text.status(), "standard input");
}

}  // namespace

void AddListFlags(Command& command, ImageArguments& arguments) {
  command.Group("What");
  command.Texts({.name = "--image-list-file",
                 .value = "PATH",
                 .text = "list of images, one a line: IMAGE [secret=NAME] "
                         "[policy=Always|IfNotPresent] [pin=true]; # starts a "
                         "comment; - is standard input",
                 .is_path = true},
                arguments.list_files);
  command.Texts({.name = "--rewrite",
                 .value = "FROM=TO",
                 .text = "pull names that begin with FROM (whole segments: "
                         "quay.io, docker.io/library) from TO instead; the "
                         "longest FROM counts"},
                arguments.rewrites);
  command.Positionals(arguments.words);
}

void AddImageArguments(Command& command, ImageArguments& arguments) {
  AddListFlags(command, arguments);
  command.Group("How");
  AddSocketFlag(command, arguments);
}

void AddSocketFlag(Command& command, ImageArguments& arguments) {
  command.Text({.name = "--cri-socket",
                .value = "PATH",
                .text = "socket of the runtime, a path or unix:// URL; else "
                        "CONTAINER_RUNTIME_ENDPOINT; else the first known "
                        "one that answers",
                .is_path = true},
               arguments.cri_socket);
}

absl::StatusOr<ImageList> ReadImages(const ImageArguments& arguments,
                                     const CommandContext& context,
                                     Instant until, bool keeps_failures) {
  absl::StatusOr<Rewrites> rewrites = Rewrites::Parse(arguments.rewrites);
  if (!rewrites.ok()) return Annotate(rewrites.status(), "--rewrite");
  std::vector<ImageRequest> images;
  for (const std::string& path : arguments.list_files) {
    absl::StatusOr<std::string> text = ReadList(path, context, until);
    if (!text.ok()) return Annotate(text.status(), "list");
    std::vector<ImageRequest> list =
        ParseListFile(*text, path == "-" ? "standard input" : path);
    images.insert(images.end(), std::make_move_iterator(list.begin()),
                  std::make_move_iterator(list.end()));
  }
  for (size_t i = 0; i < arguments.words.size(); ++i) {
    images.push_back(
        ImageNamed(arguments.words[i], absl::StrCat("argument ", i + 1)));
  }
  ASSIGN_OR_RETURN(SourceImages sources, ReadSources(arguments.sources, context,
                                                     until, keeps_failures));
  std::move(sources.requests.begin(), sources.requests.end(),
            std::back_inserter(images));
  if (!images.empty()) {
    rewrites->Apply(images);
    return ImageList{.requests = UniqueImages(std::move(images)),
                     .unused_rewrites = rewrites->Unused(),
                     .space_required_bytes = sources.space_required_bytes};
  }
  if (HasSources(arguments.sources.sources)) {
    return absl::InvalidArgumentError("the sources stand for no images");
  }
  return absl::InvalidArgumentError(
      arguments.list_files.empty()
          ? "no images: name some, or give --image-list-file"
          : absl::StrCat("list ", arguments.list_files.back(),
                         ": holds no images"));
}

bool IsOutOfTime(const absl::Status& error) {
  return absl::IsCancelled(error) || absl::IsDeadlineExceeded(error) ||
         IsPassing(error);
}

void WarnOfUnused(const ImageList& list) {
  for (const std::string& rule : list.unused_rewrites) {
    Log(LogLevel::kWarn, "rewrite fits no image of the list",
        {{"rewrite", Printable(WithoutUrlSecrets(rule), 512)}});
  }
}

absl::StatusOr<std::vector<std::string>> SocketsToTry(
    const ImageArguments& arguments, const Host& host) {
  absl::string_view from = "--cri-socket";
  std::string named = arguments.cri_socket;
  if (named.empty()) {
    from = "CONTAINER_RUNTIME_ENDPOINT";
    named = FromEnvironment(host, std::string(from));
  }
  if (named.empty()) return KnownSockets();
  absl::StatusOr<std::string> path = SocketPath(named);
  if (!path.ok()) return Annotate(path.status(), from);
  return std::vector<std::string>{*std::move(path)};
}

absl::StatusOr<FoundRuntime> Connect(const std::vector<std::string>& sockets,
                                     const CommandContext& context,
                                     Instant until) {
  const absl::Duration remaining =
      std::max(until - context.clock.Now(), absl::ZeroDuration());
  absl::StatusOr<FoundRuntime> found =
      FindRuntime(sockets, MakeCriClient, std::min(kConnectTimeout, remaining),
                  context.stop);
  if (!found.ok()) return found;
  Log(LogLevel::kInfo, "runtime",
      {{"name", found->version.name},
       {"version", found->version.version},
       {"socket", found->socket}});
  return found;
}

std::string SocketHint(const ImageArguments& arguments, const Host& host) {
  const bool was_named =
      !arguments.cri_socket.empty() ||
      !FromEnvironment(host, "CONTAINER_RUNTIME_ENDPOINT").empty();
  return was_named ? "\nhint: CRI-O listens on /run/crio/crio.sock, containerd "
                     "on /run/containerd/containerd.sock; use --cri-socket"
                   : "\nhint: name the runtime's socket with --cri-socket";
}

}  // namespace prepull
