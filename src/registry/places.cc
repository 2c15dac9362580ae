#include "src/registry/mirrors.h"

#include <utility>
#include <vector>

#include "prepull/base/log.h"

namespace prepull {

Mirrors::Mirrors(Rewrites rules) : rules_(std::move(rules)) {}

std::optional<Reference> Mirrors::For(const Reference& image) {
  std::vector<ImageRequest> requests = {
      {.image = image.text(), .origin = "", .reference = image}};
  MutexLock lock(mutex_);
  rules_.Apply(requests);
  const absl::StatusOr<Reference>& mirror = requests.front().reference;
  if (!mirror.ok() || mirror->text() == image.text() ||
      skipped_.contains(mirror->registry())) {
    return std::nullopt;
  }
  return *mirror;
}

void Mirrors::Skip(const Reference& mirror, const absl::Status& why) {
  {
    MutexLock lock(mutex_);
    if (!skipped_.insert(mirror.registry()).second) return;
  }
  Log(LogLevel::kWarn, "mirror is passed over",
      {{"mirror", mirror.registry()}, {"error", why.message()}});
}

}  // namespace prepull
