#include "src/auth/docker_config.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

namespace json = boost::json;

// A Kubernetes Secret of 1 MiB could hold some 10,000.
constexpr size_t kMostConfigEntries = 10'000;
constexpr size_t kLongestShownPath = 1024;

constexpr absl::string_view kFields[] = {"auth", "username", "password",
                                         "identitytoken", "registrytoken"};

json::string_view View(absl::string_view text) {
  return {text.data(), text.size()};
}

absl::string_view View(json::string_view text) {
  return {text.data(), text.size()};
}

// As docker's own reader trims what some tools pad
// (docker/cli/cli/config/configfile/file.go, decodeAuth).
std::string WithoutOuterNuls(const std::string& password) {
  const absl::string_view nul("\0", 1);
  absl::string_view rest = password;
  while (absl::ConsumePrefix(&rest, nul)) continue;
  while (absl::ConsumeSuffix(&rest, nul)) continue;
  return std::string(rest);
}

// What an entry says of one account.
class EntryReader {
 public:
  explicit EntryReader(const json::object& entry) : entry_(entry) {}

  // Errors: INVALID_ARGUMENT  why it is of no use.
  absl::StatusOr<Credential> Read() {
    Credential credential;
    credential.username = Text("username");
    credential.password = Text("password");
    credential.identity_token = Text("identitytoken");
    credential.registry_token = Text("registrytoken");
    const std::string auth = Text("auth");
    if (!mistyped_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(mistyped_, " is no text"));
    }
    if (!auth.empty() && !TakeAuth(auth, credential)) {
      return absl::InvalidArgumentError("auth is no base64 of user:password");
    }
    if (credential.password.empty() && !credential.identity_token.empty()) {
      // As `docker login` writes it for an identity token: the user is a
      // placeholder, and containerd would use it rather than the token
      // (containerd/internal/cri/server/images/image_pull.go, ParseAuth).
      credential.username.clear();
    }
    if (credential.username.empty() && credential.identity_token.empty() &&
        credential.registry_token.empty()) {
      return absl::InvalidArgumentError("has no user and no token");
    }
    return credential;
  }

 private:
  std::string Text(absl::string_view field) {
    const json::value* value = entry_.if_contains(View(field));
    if (value == nullptr || value->is_null()) return "";
    if (value->is_string()) return std::string(value->as_string());
    mistyped_ = std::string(field);
    return "";
  }

  // False if `auth` cannot be decoded.
  static bool TakeAuth(const std::string& auth, Credential& credential) {
    std::string decoded;
    // gRPC sends UTF-8 only.
    if (!absl::Base64Unescape(auth, &decoded) || !IsUtf8(decoded)) return false;
    const size_t colon = decoded.find(':');
    if (colon == std::string::npos) return false;
    credential.username = decoded.substr(0, colon);
    credential.password = WithoutOuterNuls(decoded.substr(colon + 1));
    return true;
  }

  const json::object& entry_;
  std::string mistyped_;
};

class ConfigReader {
 public:
  explicit ConfigReader(absl::string_view path)
      : path_(Printable(path, kLongestShownPath)) {}

  absl::StatusOr<DockerConfig> Read(const json::object& document) {
    const bool names_helpers = NoteHelpers(document);
    const json::value* auths = document.if_contains("auths");
    if (auths == nullptr) {
      ReadFlat(document);
      if (!has_entry_ && !names_helpers) return Unusable("has no \"auths\"");
    } else if (auths->is_object()) {
      ReadEntries(auths->as_object());
    } else if (!auths->is_null()) {
      return Unusable("\"auths\" is no object");
    }
    return std::move(config_);
  }

  absl::Status Unusable(absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ": ", why));
  }

 private:
  void ReadEntries(const json::object& entries) {
    for (const auto& entry : entries) {
      if (entry.value().is_object()) {
        ReadEntry(View(entry.key()), entry.value().as_object());
      } else {
        Warn(View(entry.key()), "is no object");
      }
    }
  }

  // Every key is a registry; other settings look different.
  void ReadFlat(const json::object& document) {
    for (const auto& entry : document) {
      if (!entry.value().is_object()) continue;
      const json::object& object = entry.value().as_object();
      const auto is_there = [&object](absl::string_view field) {
        return object.contains(View(field));
      };
      if (std::any_of(std::begin(kFields), std::end(kFields), is_there)) {
        ReadEntry(View(entry.key()), object);
      }
    }
  }

  void ReadEntry(absl::string_view key, const json::object& entry) {
    has_entry_ = true;
    if (config_.entries.size() >= kMostConfigEntries) {
      if (std::exchange(is_full_, true)) return;
      config_.warnings.push_back(absl::StrCat(
          path_, ": only the first ", kMostConfigEntries, " entries are used"));
      return;
    }
    const std::optional<RegistryPattern> pattern = RegistryPattern::Parse(key);
    if (!pattern) return Warn(key, "names no registry");
    absl::StatusOr<Credential> credential = EntryReader(entry).Read();
    if (!credential.ok()) return Warn(key, credential.status().message());
    credential->source = absl::StrCat(path_, ": ", ShownKey(key));
    config_.entries.push_back({*pattern, *std::move(credential)});
  }

  // True if some credentials of this file lie elsewhere.
  bool NoteHelpers(const json::object& document) {
    const json::value* store = document.if_contains("credsStore");
    const bool has_store =
        store != nullptr && store->is_string() && !store->as_string().empty();
    if (has_store) {
      Warn("credsStore",
           absl::StrCat("\"", Shown(store->as_string()), "\" cannot be used"));
    }
    const json::value* helpers = document.if_contains("credHelpers");
    if (helpers == nullptr || !helpers->is_object()) return has_store;
    for (const auto& helper : helpers->as_object()) {
      if (config_.warnings.size() >= kMostConfigEntries) break;
      const std::string name =
          helper.value().is_string() ? Shown(helper.value().as_string()) : "";
      Warn(View(helper.key()),
           absl::StrCat("credHelper \"", name, "\" cannot be used"));
    }
    return true;
  }

  static std::string Shown(json::string_view name) {
    return Printable(View(name), 64);
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
  json::error_code error;
  const json::value document = json::parse(View(text), error);
  if (error) {
    return absl::DataLossError(
        reader.Unusable(absl::StrCat("is no JSON: ", error.message()))
            .message());
  }
  if (!document.is_object()) return reader.Unusable("is no JSON object");
  return reader.Read(document.as_object());
}

}  // namespace prepull
