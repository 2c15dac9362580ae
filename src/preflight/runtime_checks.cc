#include "prepull/preflight/runtime_checks.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/runtime/runtime_version.h"

namespace prepull {
namespace {

constexpr size_t kMaxName = 128;
constexpr size_t kMaxReason = 512;

struct BadVersions {
  absl::string_view runtime;
  VersionNumber first;
  VersionNumber last;
  absl::string_view bug;
};

constexpr BadVersions kBadVersions[] = {
    // A slot of the download semaphore is lost with each failed request; fixed
    // in 2.1.4 and 2.2.0 by
    // https://github.com/containerd/containerd/pull/12126.
    {"containerd",
     {2, 1, 0},
     {2, 1, 3},
     "failed pulls can block all later ones until containerd is restarted, "
     "2.1.4 fixes it: https://github.com/containerd/containerd/issues/11864"},
    // Layers that are unpacked in parallel do not see the files of the layers
    // below, so the files that they delete stay. The setting belongs to the
    // plugin io.containerd.transfer.v1.local and is not visible on the socket.
    {"containerd",
     {2, 2, 0},
     {2, 2, 2},
     "if its configuration sets max_concurrent_unpacks above 1 (the default is "
     "1, and the setting is not visible to prepull), files that an image "
     "deletes in a later layer come back; 2.2.3 fixes it: "
     "https://github.com/containerd/containerd/issues/13030"},
    // The limit has been configurable since
    // https://github.com/cri-o/cri-o/pull/8765; prepull tries again.
    {"cri-o",
     {1, 31, 0},
     {1, 31, 2},
     "it cancels a pull that receives nothing for 10 s: "
     "https://github.com/cri-o/cri-o/issues/8764"},
};

std::string Name(const RuntimeVersion& version) {
  return Printable(absl::StrCat(version.name, " ", version.version), kMaxName);
}

Finding EvaluateVersion(const RuntimeVersion& version) {
  const std::string bug = KnownBug(version);
  if (bug.empty()) return {.check = "version", .detail = "no known bugs"};
  return {.check = "version",
          .result = CheckResult::kWarning,
          .detail = absl::StrCat(Name(version), ": ", bug)};
}

Finding EvaluateResume(const RuntimeState& runtime) {
  if (runtime.extension.ok()) {
    return {.check = "resume",
            .detail =
                "a cancelled pull resumes where it stopped, and its "
                "progress in bytes is known"};
  }
  const std::string why =
      runtime.extension.code() == absl::StatusCode::kUnimplemented
          ? ""
          : absl::StrCat(": ",
                         Printable(runtime.extension.message(), kMaxName));
  return {
      .check = "resume",
      .result = CheckResult::kWarning,
      .detail = absl::StrCat("a cancelled pull starts again from zero", why)};
}

Finding EvaluateConnections(const RuntimeState& runtime) {
  if (runtime.connections.ok()) {
    return {.check = "connections",
            .detail =
                "the runtime's connections can be watched: a stuck one "
                "is ended, and its pull goes on"};
  }
  return {.check = "connections",
          .result = CheckResult::kWarning,
          .detail = absl::StrCat(
              "the runtime's connections cannot be watched: ",
              Printable(runtime.connections.message(), kMaxReason))};
}

Finding EvaluatePins(const RuntimeState& runtime) {
  if (FeaturesOf(runtime).pin) {
    return {.check = "pins",
            .detail = "--pin protects images from garbage collection"};
  }
  std::string why = "not supported over the socket of this runtime";
  if (runtime.extension.ok()) {
    why =
        "not supported by this version: expected containerd 1.6.24, 1.7.3 or "
        "later";
  } else if (runtime.version.name == "cri-o") {
    why += ": use pinned_images in /etc/crio/crio.conf.d";
  }
  return {.check = "pins", .result = CheckResult::kWarning, .detail = why};
}

}  // namespace

RuntimeState ReadRuntimeState(const FoundRuntime& found, absl::Duration timeout,
                              const std::stop_token& stop) {
  Leases* leases = found.runtime->leases();
  return {.socket = found.socket,
          .version = found.version,
          .extension = leases == nullptr
                           ? absl::UnimplementedError("")
                           : leases->Probe({.timeout = timeout, .stop = stop})};
}

RuntimeFeatures FeaturesOf(const RuntimeState& runtime) {
  const RuntimeVersion& version = runtime.version;
  const bool has_extension = runtime.extension.ok();
  const bool sees_connections = runtime.connections.ok();
  return {.byte_progress = has_extension || sees_connections,
          .resume = has_extension ? Resume::kAlways
                    : ResumesWithinPull(version.name, version.version)
                        ? Resume::kWithinPull
                        : Resume::kNever,
          .pin = has_extension && HeedsPins(version.name, version.version),
          .connections = sees_connections};
}

std::vector<Finding> EvaluateRuntime(const RuntimeState& runtime) {
  return {{.check = "socket", .detail = runtime.socket},
          {.check = "runtime",
           .detail =
               absl::StrCat(Name(runtime.version), ", CRI ",
                            Printable(runtime.version.api_version, kMaxName))},
          EvaluateVersion(runtime.version),
          EvaluateResume(runtime),
          EvaluateConnections(runtime),
          EvaluatePins(runtime)};
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
