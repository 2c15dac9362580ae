// yaml-cpp throws: what it throws is caught in this file, the only one of the
// room that includes it. Nodes are const here, since looking into a mutable
// one changes it.
#include "src/auth/provider_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr absl::string_view kConfigVersions[] = {
    "kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1",
    "kubelet.config.k8s.io/v1alpha1"};
constexpr absl::string_view kProviderVersions[] = {
    "credentialprovider.kubelet.k8s.io/v1",
    "credentialprovider.kubelet.k8s.io/v1beta1",
    "credentialprovider.kubelet.k8s.io/v1alpha1"};
constexpr size_t kMostProviders = 100;
constexpr size_t kMostItems = 1000;

template <size_t N>
absl::Status CheckOneOf(const std::string& text,
                        const absl::string_view (&known)[N]) {
  if (std::count(std::begin(known), std::end(known), text) > 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", Printable(text, 64), "\" is none of ", absl::StrJoin(known, ", ")));
}

// A node and the way to it, for the errors.
class Place {
 public:
  Place(const YAML::Node& node, std::string way, int line)
      : node_(node), way_(std::move(way)), line_(line) {
    if (node.IsDefined() && node.Mark().line >= 0) line_ = node.Mark().line;
  }

  absl::Status Wrong(absl::string_view why) const {
    const std::string way = way_.empty() ? "" : absl::StrCat(way_, ": ");
    return absl::InvalidArgumentError(absl::StrCat(line_ + 1, ": ", way, why));
  }

  Place Child(const char* key) const {
    return Place(node_[key], way_.empty() ? key : absl::StrCat(way_, ".", key),
                 line_);
  }

  bool is_there() const { return node_.IsDefined() && !node_.IsNull(); }
  bool is_map() const { return node_.IsMap(); }

  absl::StatusOr<std::string> Text() const {
    if (!is_there()) return Wrong("is missing");
    if (!node_.IsScalar()) return Wrong("is no text");
    if (!IsUtf8(node_.Scalar())) return Wrong("is no UTF-8");
    return node_.Scalar();
  }

  // Empty if it is not there.
  absl::StatusOr<std::vector<Place>> Items(size_t most) const {
    std::vector<Place> items;
    if (!is_there()) return items;
    if (!node_.IsSequence()) return Wrong("is no list");
    if (node_.size() > most) {
      return Wrong(absl::StrCat("has more than ", most, " items"));
    }
    for (size_t i = 0; i < node_.size(); ++i) {
      items.emplace_back(node_[i], absl::StrCat(way_, "[", i, "]"), line_);
    }
    return items;
  }

 private:
  const YAML::Node node_;
  std::string way_;
  int line_;
};

absl::StatusOr<std::string> ReadName(const Place& place) {
  ASSIGN_OR_RETURN(std::string name, place.Text());
  const bool is_plain = !name.empty() && name != "." && name != ".." &&
                        name.find_first_of("/ ") == std::string::npos &&
                        Printable(name, 255) == name;
  if (!is_plain) return place.Wrong("is no plain file name");
  return name;
}

absl::StatusOr<std::string> ReadVersion(const Place& place) {
  ASSIGN_OR_RETURN(std::string version, place.Text());
  const absl::Status known = CheckOneOf(version, kProviderVersions);
  if (!known.ok()) return place.Wrong(known.message());
  return version;
}

absl::Status ReadMatchImages(const Place& place, CredentialProvider& provider) {
  ASSIGN_OR_RETURN(const std::vector<Place> items, place.Items(kMostItems));
  if (items.empty()) return place.Wrong("names no images");
  std::vector<std::string> shown;
  for (const Place& item : items) {
    ASSIGN_OR_RETURN(const std::string text, item.Text());
    std::optional<RegistryPattern> pattern = RegistryPattern::Parse(text);
    if (!pattern) return item.Wrong("names no registry");
    provider.match_images.push_back(*std::move(pattern));
    shown.push_back(ShownKey(text));
  }
  provider.match_texts = absl::StrJoin(shown, " ");
  return absl::OkStatus();
}

absl::Status ReadEnvironment(const Place& place, CredentialProvider& provider) {
  ASSIGN_OR_RETURN(const std::vector<Place> items, place.Items(kMostItems));
  for (const Place& item : items) {
    if (!item.is_map()) return item.Wrong("is no map");
    const Place name_place = item.Child("name");
    ASSIGN_OR_RETURN(const std::string name, name_place.Text());
    if (name.empty() || absl::StrContains(name, "=")) {
      return name_place.Wrong("is no name of a variable");
    }
    const Place value = item.Child("value");
    std::string& text = provider.environment[name];
    text.clear();
    if (!value.is_there()) continue;
    ASSIGN_OR_RETURN(text, value.Text());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> NeedsServiceAccount(const Place& attributes) {
  if (!attributes.is_there()) return false;
  if (!attributes.is_map()) return attributes.Wrong("is no map");
  const Place required = attributes.Child("requireServiceAccount");
  if (!required.is_there()) return true;
  ASSIGN_OR_RETURN(const std::string text, required.Text());
  return text != "false";
}

absl::StatusOr<CredentialProvider> ReadProvider(const Place& place) {
  if (!place.is_map()) return place.Wrong("is no map");
  CredentialProvider provider;
  ASSIGN_OR_RETURN(provider.name, ReadName(place.Child("name")));
  ASSIGN_OR_RETURN(provider.api_version,
                   ReadVersion(place.Child("apiVersion")));
  RETURN_IF_ERROR(ReadMatchImages(place.Child("matchImages"), provider));
  const Place cached = place.Child("defaultCacheDuration");
  ASSIGN_OR_RETURN(const std::string duration, cached.Text());
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(duration);
  if (!parsed.ok()) return cached.Wrong(parsed.status().message());
  provider.default_cache_duration = *parsed;
  ASSIGN_OR_RETURN(const std::vector<Place> arguments,
                   place.Child("args").Items(kMostItems));
  for (const Place& argument : arguments) {
    ASSIGN_OR_RETURN(std::string text, argument.Text());
    provider.arguments.push_back(std::move(text));
  }
  RETURN_IF_ERROR(ReadEnvironment(place.Child("env"), provider));
  ASSIGN_OR_RETURN(provider.needs_service_account,
                   NeedsServiceAccount(place.Child("tokenAttributes")));
  return provider;
}

absl::StatusOr<std::vector<CredentialProvider>> ReadConfig(const Place& top) {
  if (!top.is_map()) return top.Wrong("is no map");
  const Place version_place = top.Child("apiVersion");
  ASSIGN_OR_RETURN(const std::string version, version_place.Text());
  const absl::Status known = CheckOneOf(version, kConfigVersions);
  if (!known.ok()) return version_place.Wrong(known.message());
  const Place kind_place = top.Child("kind");
  ASSIGN_OR_RETURN(const std::string kind, kind_place.Text());
  if (kind != "CredentialProviderConfig") {
    return kind_place.Wrong("is not CredentialProviderConfig");
  }
  const Place list = top.Child("providers");
  ASSIGN_OR_RETURN(const std::vector<Place> items, list.Items(kMostProviders));
  if (items.empty()) return list.Wrong("names no provider");
  std::vector<CredentialProvider> providers;
  std::set<std::string> names;
  for (const Place& item : items) {
    ASSIGN_OR_RETURN(CredentialProvider provider, ReadProvider(item));
    if (!names.insert(provider.name).second) {
      return item.Child("name").Wrong("stands there twice");
    }
    providers.push_back(std::move(provider));
  }
  return providers;
}

absl::StatusOr<std::vector<CredentialProvider>> Parse(const std::string& text) {
  try {
    return ReadConfig(Place(YAML::Load(text), "", 0));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        error.mark.line + 1, ": is no YAML: ", Printable(error.msg, 200)));
  }
}

}  // namespace

absl::StatusOr<std::vector<CredentialProvider>> ParseProviderConfig(
    const std::string& text, absl::string_view path) {
  absl::StatusOr<std::vector<CredentialProvider>> providers = Parse(text);
  if (providers.ok()) return providers;
  return absl::InvalidArgumentError(
      absl::StrCat(Printable(path, 1024), ":", providers.status().message()));
}

}  // namespace prepull
