#include "prepull/preflight/runtime_checks.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/runtime/runtime_version.h"

namespace prepull {
namespace {

constexpr size_t kLongestName = 128;

struct BadVersions {
  absl::string_view runtime;
  VersionNumber first;
  VersionNumber last;
  absl::string_view bug;
};

constexpr BadVersions kBadVersions[] = {
    // A slot of the download semaphore is lost with each failed request; mended
    // in 2.1.4 and 2.2.0 by
    // https://github.com/containerd/containerd/pull/12126.
    {"containerd",
     {2, 1, 0},
     {2, 1, 3},
     "failed pulls can block all later ones until containerd is restarted, "
     "2.1.4 mends it: https://github.com/containerd/containerd/issues/11864"},
    // Layers that are unpacked side by side do not see what a layer below has,
    // so the files that they delete stay. The setting is one of the plugin
    // io.containerd.transfer.v1.local: nothing on the socket shows it.
    {"containerd",
     {2, 2, 0},
     {2, 2, 2},
     "if its configuration sets max_concurrent_unpacks above 1 (the default is "
     "1, and the setting cannot be seen from here), files that an image "
     "deletes in a later layer come back; 2.2.3 fixes it: "
     "https://github.com/containerd/containerd/issues/13030"},
    // The limit has been configurable since
    // https://github.com/cri-o/cri-o/pull/8765; prepull tries again.
    {"cri-o",
     {1, 31, 0},
     {1, 31, 2},
     "it ends a pull that gets nothing for 10 s: "
     "https://github.com/cri-o/cri-o/issues/8764"},
};

std::string Name(const RuntimeVersion& version) {
  return Printable(absl::StrCat(version.name, " ", version.version),
                   kLongestName);
}

Finding JudgeVersion(const RuntimeVersion& version) {
  const std::string bug = KnownBug(version);
  if (bug.empty()) return {.check = "version", .detail = "no known bugs"};
  return {.check = "version",
          .result = CheckResult::kWarning,
          .detail = absl::StrCat(Name(version), ": ", bug)};
}

Finding JudgeResume(const RuntimeState& runtime) {
  if (runtime.extension.ok()) {
    return {.check = "resume",
            .detail =
                "a pull that was cut goes on where it stopped, and its "
                "bytes can be seen"};
  }
  const std::string why =
      runtime.extension.code() == absl::StatusCode::kUnimplemented
          ? ""
          : absl::StrCat(": ",
                         Printable(runtime.extension.message(), kLongestName));
  return {.check = "resume",
          .result = CheckResult::kWarning,
          .detail = absl::StrCat("a pull that was cut begins anew, and slow "
                                 "cannot be told from stuck",
                                 why)};
}

Finding JudgePins(const RuntimeState& runtime) {
  if (FeaturesOf(runtime).pin) {
    return {.check = "pins",
            .detail = "--pin keeps images from garbage collection"};
  }
  std::string why = "the runtime takes none over its socket";
  if (runtime.extension.ok()) {
    why =
        "this version does not heed them: containerd 1.6.24, 1.7.3 and later "
        "do";
  } else if (runtime.version.name == "cri-o") {
    why += ": its own are the pinned_images in /etc/crio/crio.conf.d";
  }
  return {.check = "pins", .result = CheckResult::kWarning, .detail = why};
}

}  // namespace

RuntimeState LookAtRuntime(const FoundRuntime& found, absl::Duration timeout,
                           const std::stop_token& stop) {
  Leases* leases = found.runtime->leases();
  return {.socket = found.socket,
          .version = found.version,
          .extension = leases == nullptr
                           ? absl::UnimplementedError("")
                           : leases->Probe({.timeout = timeout, .stop = stop})};
}

RuntimeFeatures FeaturesOf(const RuntimeState& runtime) {
  const bool has_extension = runtime.extension.ok();
  return {.byte_progress = has_extension,
          .resume = has_extension,
          .pin = has_extension &&
                 HeedsPins(runtime.version.name, runtime.version.version)};
}

std::vector<Finding> JudgeRuntime(const RuntimeState& runtime) {
  return {{.check = "socket", .detail = runtime.socket},
          {.check = "runtime",
           .detail = absl::StrCat(
               Name(runtime.version), ", CRI ",
               Printable(runtime.version.api_version, kLongestName))},
          JudgeVersion(runtime.version),
          JudgeResume(runtime),
          JudgePins(runtime)};
}

std::string KnownBug(const RuntimeVersion& version) {
  const std::optional<VersionNumber> number = ParseVersion(version.version);
  if (!number) return "";
  for (const BadVersions& bad : kBadVersions) {
    if (bad.runtime == version.name && bad.first <= *number &&
        *number <= bad.last) {
      return std::string(bad.bug);
    }
  }
  return "";
}

}  // namespace prepull
