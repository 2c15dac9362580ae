#include "src/auth/docker_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// A Kubernetes Secret of 1 MiB could hold some 10,000.
constexpr size_t kMaxEntries = 10'000;
constexpr size_t kMaxShownPathBytes = 1024;

constexpr absl::string_view kFields[] = {"auth", "username", "password",
                                         "identitytoken", "registrytoken"};

// As docker's own reader trims what some tools pad
// (docker/cli/cli/config/configfile/file.go, decodeAuth).
std::string WithoutOuterNuls(const std::string& password) {
  const absl::string_view nul("\0", 1);
  absl::string_view rest = password;
  while (absl::ConsumePrefix(&rest, nul)) continue;
  while (absl::ConsumeSuffix(&rest, nul)) continue;
  return std::string(rest);
}

// Decodes "auth", base64 of "user:password". Returns false if it is not.
bool DecodeAuth(const std::string& auth, Credential& credential) {
  std::string decoded;
  // gRPC sends UTF-8 only.
  if (!absl::Base64Unescape(auth, &decoded) || !IsUtf8(decoded)) return false;
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return false;
  credential.username = decoded.substr(0, colon);
  credential.password = WithoutOuterNuls(decoded.substr(colon + 1));
  return true;
}

// Reads one account. Errors: INVALID_ARGUMENT  why it is unusable.
absl::StatusOr<Credential> ReadAccount(JsonValue entry) {
  for (const absl::string_view field : kFields) {
    if (!entry[field].is_unset() && !entry[field].is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ": expected a string"));
    }
  }
  Credential credential = {
      .username = entry["username"].StringOrEmpty(),
      .password = entry["password"].StringOrEmpty(),
      .identity_token = entry["identitytoken"].StringOrEmpty(),
      .registry_token = entry["registrytoken"].StringOrEmpty()};
  const std::string auth = entry["auth"].StringOrEmpty();
  if (!auth.empty() && !DecodeAuth(auth, credential)) {
    return absl::InvalidArgumentError("auth: expected base64 of user:password");
  }
  if (credential.password.empty() && !credential.identity_token.empty()) {
    // As `docker login` writes it for an identity token: the user is a
    // placeholder, and containerd would use it rather than the token
    // (containerd/internal/cri/server/images/image_pull.go, ParseAuth).
    credential.username.clear();
  }
  if (credential.username.empty() && credential.identity_token.empty() &&
      credential.registry_token.empty()) {
    return absl::InvalidArgumentError("missing username and token");
  }
  return credential;
}

class ConfigReader {
 public:
  explicit ConfigReader(absl::string_view path)
      : path_(Printable(path, kMaxShownPathBytes)) {}

  absl::StatusOr<DockerConfig> Read(JsonValue document) {
    const bool names_helpers = WarnOfHelpers(document);
    const JsonValue auths = document["auths"];
    if (!auths.exists()) {
      ReadFlat(document);
      if (!has_entry_ && !names_helpers) return Unusable("missing \"auths\"");
    } else if (auths.is_object()) {
      ReadEntries(auths);
    } else if (!auths.is_null()) {
      return Unusable("\"auths\": expected an object");
    }
    return std::move(config_);
  }

  absl::Status Unusable(absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": ", why));
  }

 private:
  void ReadEntries(JsonValue auths) {
    for (const auto& [key, entry] : auths.members()) {
      if (entry.is_object()) {
        ReadEntry(key, entry);
      } else {
        Warn(key, "expected an object");
      }
    }
  }

  // Every key is a registry; other settings look different.
  void ReadFlat(JsonValue document) {
    for (const auto& [key, value] : document.members()) {
      const auto is_field = [&value = value](absl::string_view field) {
        return value[field].exists();
      };
      if (std::any_of(std::begin(kFields), std::end(kFields), is_field)) {
        ReadEntry(key, value);
      }
    }
  }

  void ReadEntry(absl::string_view key, JsonValue entry) {
    has_entry_ = true;
    if (config_.entries.size() >= kMaxEntries) {
      if (std::exchange(is_full_, true)) return;
      config_.warnings.push_back(absl::StrCat(
          path_, ": too many entries: only the first ", kMaxEntries, " used"));
      return;
    }
    const std::optional<RegistryPattern> pattern = RegistryPattern::Parse(key);
    if (!pattern) return Warn(key, "missing registry host");
    absl::StatusOr<Credential> credential = ReadAccount(entry);
    if (!credential.ok()) return Warn(key, credential.status().message());
    credential->source = absl::StrCat(path_, ": ", ShownKey(key));
    config_.entries.push_back({*pattern, *std::move(credential)});
  }

  // Returns whether some credentials of this file are in a helper's store.
  bool WarnOfHelpers(JsonValue document) {
    const std::string store = document["credsStore"].StringOrEmpty();
    if (!store.empty()) WarnOfHelper("credsStore", store);
    const JsonValue helpers = document["credHelpers"];
    if (!helpers.is_object()) return !store.empty();
    for (const auto& [registry, helper] : helpers.members()) {
      if (config_.warnings.size() >= kMaxEntries) break;
      WarnOfHelper(registry, helper.StringOrEmpty());
    }
    return true;
  }

  void WarnOfHelper(absl::string_view key, absl::string_view helper) {
    Warn(key, absl::StrCat("unsupported credential helper \"",
                           Printable(helper, 64), "\""));
  }

  void Warn(absl::string_view key, absl::string_view why) {
    config_.warnings.push_back(
        absl::StrCat(path_, ": ", ShownKey(key), ": ", why));
  }

  const std::string path_;
  DockerConfig config_;
  bool has_entry_ = false;
  bool is_full_ = false;
};

}  // namespace

absl::StatusOr<DockerConfig> ParseDockerConfig(absl::string_view text,
                                               absl::string_view path) {
  ConfigReader reader(path);
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) {
    return absl::DataLossError(
        reader.Unusable(document.status().message()).message());
  }
  if (!document->root().is_object()) {
    return reader.Unusable("invalid JSON: expected an object");
  }
  return reader.Read(document->root());
}

}  // namespace prepull
