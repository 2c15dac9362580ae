#include "src/registry/places.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"

namespace prepull {

namespace {

// Adds those of `more` that are not there.
void AddOthers(std::vector<Place> more, std::vector<Place>& places) {
  for (Place& place : more) {
    const bool is_known =
        std::any_of(places.begin(), places.end(), [&place](const Place& other) {
          return other.image.repository() == place.image.repository() &&
                 other.api_path == place.api_path;
        });
    if (!is_known) places.push_back(std::move(place));
  }
}

}  // namespace

Places::Places(Rewrites mirrors, std::shared_ptr<const NodeRegistries> node)
    : node_(node != nullptr ? std::move(node)
                            : std::make_shared<const NodeRegistries>()),
      mirrors_(std::move(mirrors)) {}

absl::StatusOr<std::vector<Place>> Places::For(const Reference& image) {
  std::vector<Place> places;
  const std::optional<Reference> mirror = MirrorOf(image);
  if (mirror.has_value()) places.push_back(node_->PlaceOf(*mirror));
  absl::StatusOr<std::vector<Place>> of_node = node_->PlacesOf(image);
  // What the node blocks may still come from the user's mirror.
  if (!of_node.ok() && !mirror.has_value()) {
    return Explained(of_node.status(), image);
  }
  if (of_node.ok()) AddOthers(*std::move(of_node), places);
  MutexLock lock(mutex_);
  const auto last = std::prev(places.end());
  places.erase(
      std::remove_if(places.begin(), last,
                     [this](const Place& place)
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                           return skipped_.contains(place.image.registry());
                         }),
      last);
  return places;
}

absl::Status Places::Explained(const absl::Status& error,
                               const Reference& image) const {
  const std::string left_out = node_->MirrorsLeftOut(image);
  if (error.ok() || left_out.empty()) return error;
  return WithMessage(
      error, absl::StrCat(error.message(), " (the mirrors of ", left_out,
                          " are asked for digests only)"));
}

std::optional<Reference> Places::MirrorOf(const Reference& image) {
  std::vector<ImageRequest> requests = {
      {.image = image.text(), .origin = "", .reference = image}};
  MutexLock lock(mutex_);
  mirrors_.Apply(requests);
  const absl::StatusOr<Reference>& mirror = requests.front().reference;
  if (!mirror.ok() || mirror->text() == image.text()) return std::nullopt;
  return *mirror;
}

void Places::Skip(const Place& place, const absl::Status& why) {
  {
    MutexLock lock(mutex_);
    if (!skipped_.insert(place.image.registry()).second) return;
  }
  Log(LogLevel::kWarn, "mirror is passed over",
      {{"mirror", place.image.registry()}, {"error", why.message()}});
}

}  // namespace prepull
