#include "src/cli/compatibility.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/log.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// Whether the flag is given, by a word or its variable.
bool IsGiven(absl::string_view flag, const Command& command) {
  const std::vector<FlagDoc> flags = command.GivenFlags();
  return std::any_of(flags.begin(), flags.end(),
                     [flag](const FlagDoc& each) { return each.name == flag; });
}

// lifecycle-agent's own workload reads the file when its root is the host's.
std::string SecretPath(const std::string& path, absl::string_view host_root,
                       FileSystem& files) {
  absl::ConsumeSuffix(&host_root, "/");
  if (host_root.empty() ||
      absl::StartsWith(path, absl::StrCat(host_root, "/"))) {
    return path;
  }
  std::string on_host =
      absl::StrCat(host_root, absl::StartsWith(path, "/") ? "" : "/", path);
  return files.KindOf(on_host).ok() ? on_host : path;
}

}  // namespace

void AddCompatibilityFlags(Command& command, CompatibilityOptions& options) {
  command.Group("Accepted from image-prefetcher");
  command.Text({.name = "--metrics-endpoint",
                .value = "HOST:PORT",
                .text = "send what became of each attempt to this server "
                        "('prepull aggregate-metrics' or image-prefetcher's), "
                        "without TLS; changes no exit code"},
               options.metrics_endpoint);
  command.Duration({.name = "--image-list-timeout",
                    .value = "D",
                    .text = "does nothing: the node's list has a limit of its "
                            "own",
                    .fallback = "1m"},
                   options.image_list_timeout);
  command.Switch({.name = "--debug", .text = "the same as --verbose"},
                 options.debug);
}

void ApplyForeignEnvironment(const CommandContext& context,
                             const Command& command, FetchOptions& options) {
  const Host& host = context.host;
  const std::string list = FromEnvironment(host, "PRECACHE_SPEC_FILE");
  const bool has_images =
      !options.list.list_files.empty() || !options.list.images.empty();
  if (!list.empty() && !has_images) options.list.list_files.push_back(list);

  const std::string threads = FromEnvironment(host, "MAX_PULL_THREADS");
  int count = 0;
  if (!threads.empty() && !IsGiven("--concurrency", command)) {
    if (absl::SimpleAtoi(threads, &count) && count >= 1 && count <= 64) {
      options.pull.concurrency = count;
    } else {
      Log(LogLevel::kWarn, "MAX_PULL_THREADS is ignored: expected 1 to 64",
          {{"value", Printable(threads, 64)}});
    }
  }

  const std::string secret = FromEnvironment(host, "PULL_SECRET_PATH");
  if (!secret.empty() && options.list.credentials.docker_configs.empty()) {
    options.list.credentials.docker_configs.push_back(
        SecretPath(secret, options.preflight.host_root, context.files));
  }

  if (FromEnvironment(host, "PRECACHE_BEST_EFFORT") == "TRUE" &&
      !IsGiven("--best-effort", command)) {
    options.pull.tolerance.any = true;
  }
}

}  // namespace prepull
