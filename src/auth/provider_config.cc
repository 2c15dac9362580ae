// yaml-cpp throws; its exceptions are caught here. Nodes are const, since
// reading a mutable one changes it.
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
constexpr size_t kMaxProviders = 100;
constexpr size_t kMaxItems = 1000;

template <size_t N>
absl::Status CheckVersion(const std::string& text,
                          const absl::string_view (&known)[N]) {
  if (std::count(std::begin(known), std::end(known), text) > 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unsupported version \"", Printable(text, 64),
                   "\": expected ", absl::StrJoin(known, ", ")));
}

// A node and its path, for messages.
class Field {
 public:
  Field(const YAML::Node& node, std::string path, int line)
      : node_(node), path_(std::move(path)), line_(line) {
    if (node.IsDefined() && node.Mark().line >= 0) line_ = node.Mark().line;
  }

  absl::Status Invalid(absl::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat(line_ + 1, ": ", path_, path_.empty() ? "" : ": ", why));
  }

  Field Child(const char* key) const {
    return Field(node_[key],
                 path_.empty() ? key : absl::StrCat(path_, ".", key), line_);
  }

  bool is_set() const { return node_.IsDefined() && !node_.IsNull(); }
  bool is_map() const { return node_.IsMap(); }

  absl::StatusOr<std::string> String() const {
    if (!is_set()) return Invalid("missing");
    if (!node_.IsScalar()) return Invalid("expected a string");
    if (!IsUtf8(node_.Scalar())) return Invalid("invalid UTF-8");
    return node_.Scalar();
  }

  // Empty if it is missing.
  absl::StatusOr<std::vector<Field>> Items(size_t max_items) const {
    std::vector<Field> items;
    if (!is_set()) return items;
    if (!node_.IsSequence()) return Invalid("expected a list");
    if (node_.size() > max_items) {
      return Invalid(absl::StrCat("more than ", max_items, " items"));
    }
    for (size_t i = 0; i < node_.size(); ++i) {
      items.emplace_back(node_[i], absl::StrCat(path_, "[", i, "]"), line_);
    }
    return items;
  }

 private:
  const YAML::Node node_;
  std::string path_;
  int line_;
};

absl::StatusOr<std::string> ReadName(const Field& field) {
  ASSIGN_OR_RETURN(std::string name, field.String());
  const bool is_plain = !name.empty() && name != "." && name != ".." &&
                        name.find_first_of("/ ") == std::string::npos &&
                        Printable(name, 255) == name;
  if (!is_plain) return field.Invalid("expected a plain file name");
  return name;
}

absl::StatusOr<std::string> ReadVersion(const Field& field) {
  ASSIGN_OR_RETURN(std::string version, field.String());
  const absl::Status known = CheckVersion(version, kProviderVersions);
  if (!known.ok()) return field.Invalid(known.message());
  return version;
}

absl::Status ReadMatchImages(const Field& field, CredentialProvider& provider) {
  ASSIGN_OR_RETURN(const std::vector<Field> items, field.Items(kMaxItems));
  if (items.empty()) return field.Invalid("expected at least one pattern");
  std::vector<std::string> shown;
  for (const Field& item : items) {
    ASSIGN_OR_RETURN(const std::string text, item.String());
    std::optional<RegistryPattern> pattern = RegistryPattern::Parse(text);
    if (!pattern) return item.Invalid("missing registry host");
    provider.match_images.push_back(*std::move(pattern));
    shown.push_back(ShownKey(text));
  }
  provider.match_texts = absl::StrJoin(shown, " ");
  return absl::OkStatus();
}

absl::Status ReadEnvironment(const Field& field, CredentialProvider& provider) {
  ASSIGN_OR_RETURN(const std::vector<Field> items, field.Items(kMaxItems));
  for (const Field& item : items) {
    if (!item.is_map()) return item.Invalid("expected a map");
    const Field name_field = item.Child("name");
    ASSIGN_OR_RETURN(const std::string name, name_field.String());
    if (name.empty() || absl::StrContains(name, "=")) {
      return name_field.Invalid("invalid variable name");
    }
    const Field value = item.Child("value");
    std::string& text = provider.environment[name];
    text.clear();
    if (!value.is_set()) continue;
    ASSIGN_OR_RETURN(text, value.String());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> NeedsServiceAccount(const Field& attributes) {
  if (!attributes.is_set()) return false;
  if (!attributes.is_map()) return attributes.Invalid("expected a map");
  const Field required = attributes.Child("requireServiceAccount");
  if (!required.is_set()) return true;
  ASSIGN_OR_RETURN(const std::string text, required.String());
  return text != "false";
}

absl::StatusOr<CredentialProvider> ReadProvider(const Field& field) {
  if (!field.is_map()) return field.Invalid("expected a map");
  CredentialProvider provider;
  ASSIGN_OR_RETURN(provider.name, ReadName(field.Child("name")));
  ASSIGN_OR_RETURN(provider.api_version,
                   ReadVersion(field.Child("apiVersion")));
  RETURN_IF_ERROR(ReadMatchImages(field.Child("matchImages"), provider));
  const Field cached = field.Child("defaultCacheDuration");
  ASSIGN_OR_RETURN(const std::string duration, cached.String());
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(duration);
  if (!parsed.ok()) return cached.Invalid(parsed.status().message());
  provider.default_cache_duration = *parsed;
  ASSIGN_OR_RETURN(const std::vector<Field> arguments,
                   field.Child("args").Items(kMaxItems));
  for (const Field& argument : arguments) {
    ASSIGN_OR_RETURN(std::string text, argument.String());
    provider.arguments.push_back(std::move(text));
  }
  RETURN_IF_ERROR(ReadEnvironment(field.Child("env"), provider));
  ASSIGN_OR_RETURN(provider.needs_service_account,
                   NeedsServiceAccount(field.Child("tokenAttributes")));
  return provider;
}

absl::StatusOr<std::vector<CredentialProvider>> ReadConfig(const Field& top) {
  if (!top.is_map()) return top.Invalid("expected a map");
  const Field version_field = top.Child("apiVersion");
  ASSIGN_OR_RETURN(const std::string version, version_field.String());
  const absl::Status known = CheckVersion(version, kConfigVersions);
  if (!known.ok()) return version_field.Invalid(known.message());
  const Field kind_field = top.Child("kind");
  ASSIGN_OR_RETURN(const std::string kind, kind_field.String());
  if (kind != "CredentialProviderConfig") {
    return kind_field.Invalid("expected CredentialProviderConfig");
  }
  const Field list = top.Child("providers");
  ASSIGN_OR_RETURN(const std::vector<Field> items, list.Items(kMaxProviders));
  if (items.empty()) return list.Invalid("expected at least one provider");
  std::vector<CredentialProvider> providers;
  std::set<std::string> names;
  for (const Field& item : items) {
    ASSIGN_OR_RETURN(CredentialProvider provider, ReadProvider(item));
    if (!names.insert(provider.name).second) {
      return item.Child("name").Invalid("duplicate name");
    }
    providers.push_back(std::move(provider));
  }
  return providers;
}

absl::StatusOr<std::vector<CredentialProvider>> Parse(const std::string& text) {
  try {
    return ReadConfig(Field(YAML::Load(text), "", 0));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        error.mark.line + 1, ": invalid YAML: ", Printable(error.msg, 200)));
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
