#include "src/registry/node_registries.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr char kDefaultRegistry[] = "_default";

// Returns how much of `repository` `prefix` matches, or 0.
size_t MatchedLength(absl::string_view repository, absl::string_view prefix) {
  if (absl::ConsumePrefix(&prefix, "*")) {
    const size_t host_end = repository.find_first_of(":/");
    return absl::EndsWith(repository.substr(0, host_end), prefix) ? host_end
                                                                  : 0;
  }
  if (!absl::StartsWith(repository, prefix)) return 0;
  const absl::string_view rest = repository.substr(prefix.size());
  const bool is_whole = rest.empty() || rest[0] == '/' || rest[0] == ':';
  return is_whole ? prefix.size() : 0;
}

// Returns the part of a reference behind its repository. A digest says it all.
std::string TagOrDigestOf(const Reference& image) {
  if (!image.digest().empty()) return absl::StrCat("@", image.digest());
  return image.tag().empty() ? "" : absl::StrCat(":", image.tag());
}

bool IsAskedFor(const RegistryEndpoint& endpoint, const Reference& image) {
  const bool has_digest = !image.digest().empty();
  return endpoint.pull_by == PullBy::kAny ||
         endpoint.pull_by == (has_digest ? PullBy::kDigest : PullBy::kTag);
}

// Whether `endpoint` is asked at `registry`, the host of an image's own name.
bool IsAt(const RegistryEndpoint& endpoint, const std::string& registry) {
  const absl::string_view location = endpoint.location;
  return location.empty() || location.substr(0, location.find('/')) == registry;
}

}  // namespace

void NodeRegistries::Add(const std::vector<RegistryRule>& rules) {
  std::set<std::string> seen;
  for (const RegistryRule& rule : rules) {
    if (seen.insert(rule.prefix).second) rules_[rule.prefix] = rule;
  }
}

void NodeRegistries::AddRegistry(const std::string& registry,
                                 RegistryRule rule) {
  registries_[registry] = std::move(rule);
}

void NodeRegistries::Trust(const std::string& registry, CaFile file) {
  trusted_[registry].push_back(std::move(file));
}

NodeRegistries::Match NodeRegistries::Find(const Reference& image) const {
  Match longest;
  size_t prefix_size = 0;
  for (const auto& [prefix, rule] : rules_) {
    const size_t length = MatchedLength(image.repository(), prefix);
    // The longest text wins, of equal ones "*." before a name: as the engines.
    if (length == 0 || prefix.size() <= prefix_size) continue;
    longest = {&rule, length};
    prefix_size = prefix.size();
  }
  if (longest.rule != nullptr) return longest;
  for (const char* registry : {image.registry().c_str(), kDefaultRegistry}) {
    const auto found = registries_.find(registry);
    if (found == registries_.end()) continue;
    return {&found->second, image.registry().size()};
  }
  return {};
}

bool NodeRegistries::IsBlocked(const Reference& image) const {
  const Match match = Find(image);
  return match.rule != nullptr && match.rule->is_blocked;
}

absl::StatusOr<std::vector<Place>> NodeRegistries::PlacesOf(
    const Reference& image) const {
  const Match match = Find(image);
  std::vector<Place> places;
  if (match.rule == nullptr) {
    places.push_back(PlaceOf(image));
    return places;
  }
  for (const RegistryEndpoint& mirror : match.rule->mirrors) {
    if (!IsAskedFor(mirror, image)) continue;
    ASSIGN_OR_RETURN(Place place, PlaceAt(mirror, match, image));
    if (!IsBlocked(place.image)) places.push_back(std::move(place));
  }
  if (!match.rule->is_blocked && IsAskedFor(match.rule->own, image)) {
    ASSIGN_OR_RETURN(Place own, PlaceAt(match.rule->own, match, image));
    if (!IsBlocked(own.image)) places.push_back(std::move(own));
  }
  if (places.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(image.repository(), ": blocked by ", match.rule->origin));
  }
  return places;
}

Place NodeRegistries::PlaceOf(const Reference& image) const {
  Place place = {.image = image};
  const Match match = Find(image);
  // What holds for another host must not weaken the trust in this one.
  if (match.rule != nullptr && IsAt(match.rule->own, image.registry())) {
    place.may_be_plain = match.rule->own.may_be_plain;
    place.accepts_any_certificate = match.rule->own.accepts_any_certificate;
    place.ca = match.rule->own.ca;
  }
  const auto trusted = trusted_.find(image.registry());
  if (trusted != trusted_.end()) {
    place.ca.insert(place.ca.end(), trusted->second.begin(),
                    trusted->second.end());
  }
  return place;
}

std::string NodeRegistries::MirrorsLeftOut(const Reference& image) const {
  const Match match = Find(image);
  if (match.rule == nullptr || !image.digest().empty()) return "";
  for (const RegistryEndpoint& mirror : match.rule->mirrors) {
    if (mirror.pull_by == PullBy::kDigest) return match.rule->origin;
  }
  return "";
}

absl::StatusOr<Place> NodeRegistries::PlaceAt(const RegistryEndpoint& endpoint,
                                              const Match& match,
                                              const Reference& image) const {
  absl::StatusOr<Reference> there = image;
  if (!endpoint.location.empty()) {
    there = Reference::Parse(
        absl::StrCat(endpoint.location, image.repository().substr(match.length),
                     TagOrDigestOf(image)));
  }
  // A host without a dot or a port would be a path at Docker Hub.
  if (!there.ok() ||
      !absl::StartsWith(there->repository(), endpoint.location)) {
    return absl::InvalidArgumentError(absl::StrCat(
        match.rule->origin, ": location \"", Printable(endpoint.location, 200),
        "\": makes no valid name of ", image.repository()));
  }
  Place place = {.image = *std::move(there),
                 .may_be_plain = endpoint.may_be_plain,
                 .accepts_any_certificate = endpoint.accepts_any_certificate,
                 .ca = endpoint.ca,
                 .api_path = endpoint.api_path};
  if (endpoint.names_registry && place.image.registry() != image.registry()) {
    place.query = absl::StrCat("ns=", image.registry());
  }
  const auto trusted = trusted_.find(place.image.registry());
  if (trusted != trusted_.end()) {
    place.ca.insert(place.ca.end(), trusted->second.begin(),
                    trusted->second.end());
  }
  return place;
}

}  // namespace prepull
