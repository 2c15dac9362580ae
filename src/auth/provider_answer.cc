#include "src/auth/provider_answer.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr size_t kMostAnswerEntries = 1000;

absl::Status Wrong(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

// Empty if there is no such text.
absl::string_view Text(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return "";
  return {value->as_string().data(), value->as_string().size()};
}

absl::StatusOr<CacheScope> ReadScope(const json::object& answer) {
  const absl::string_view type = Text(answer, "cacheKeyType");
  if (type == "Image") return CacheScope::kImage;
  if (type == "Registry") return CacheScope::kRegistry;
  if (type == "Global") return CacheScope::kGlobal;
  return Wrong("cacheKeyType is none of Image, Registry, Global");
}

absl::StatusOr<std::optional<absl::Duration>> ReadCacheDuration(
    const json::object& answer) {
  const json::value* value = answer.if_contains("cacheDuration");
  if (value == nullptr || value->is_null()) return std::nullopt;
  const absl::StatusOr<absl::Duration> parsed =
      ParseDuration(Text(answer, "cacheDuration"));
  if (!parsed.ok()) return Wrong("cacheDuration is no duration");
  return *parsed;
}

absl::StatusOr<std::vector<KeyringEntry>> ReadAuth(const json::object& answer,
                                                   const std::string& source) {
  std::vector<KeyringEntry> entries;
  const json::value* auth = answer.if_contains("auth");
  if (auth == nullptr || auth->is_null()) return entries;
  if (!auth->is_object()) return Wrong("auth is no object");
  if (auth->as_object().size() > kMostAnswerEntries) {
    return Wrong("auth has too many entries");
  }
  for (const auto& entry : auth->as_object()) {
    const std::optional<RegistryPattern> pattern = RegistryPattern::Parse(
        absl::string_view(entry.key().data(), entry.key().size()));
    if (!pattern || !entry.value().is_object()) {
      return Wrong("auth has an entry that is none");
    }
    const json::object& account = entry.value().as_object();
    Credential credential;
    credential.username = std::string(Text(account, "username"));
    credential.password = std::string(Text(account, "password"));
    credential.source = source;
    // Some plugins say so that a registry needs no credentials.
    if (credential.username.empty()) continue;
    entries.push_back({*pattern, std::move(credential)});
  }
  return entries;
}

}  // namespace

std::string ProviderRequest(const CredentialProvider& provider,
                            absl::string_view image) {
  JsonWriter request;
  request.OpenObject()
      .String("kind", "CredentialProviderRequest")
      .String("apiVersion", provider.api_version)
      .String("image", image)
      .CloseObject();
  return request.Take();
}

absl::StatusOr<ProviderAnswer> ParseProviderAnswer(
    absl::string_view text, const CredentialProvider& provider) {
  json::error_code error;
  const json::value document =
      json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !document.is_object()) return Wrong("is no JSON object");
  const json::object& object = document.as_object();
  if (Text(object, "kind") != "CredentialProviderResponse") {
    return Wrong("kind is not CredentialProviderResponse");
  }
  if (Text(object, "apiVersion") != provider.api_version) {
    return Wrong("apiVersion is not that of the request");
  }
  ProviderAnswer answer;
  ASSIGN_OR_RETURN(answer.scope, ReadScope(object));
  ASSIGN_OR_RETURN(answer.cache_duration, ReadCacheDuration(object));
  ASSIGN_OR_RETURN(answer.entries,
                   ReadAuth(object, absl::StrCat("plugin ", provider.name)));
  return answer;
}

}  // namespace prepull
