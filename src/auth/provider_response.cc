#include "src/auth/provider_response.h"

#include "absl/strings/str_cat.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr size_t kMaxAccounts = 1000;

absl::Status Invalid(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::StatusOr<CacheScope> ReadScope(JsonValue answer) {
  const std::string type = answer["cacheKeyType"].StringOrEmpty();
  if (type == "Image") return CacheScope::kImage;
  if (type == "Registry") return CacheScope::kRegistry;
  if (type == "Global") return CacheScope::kGlobal;
  return Invalid("cacheKeyType: expected Image, Registry or Global");
}

absl::StatusOr<std::optional<absl::Duration>> ReadCacheDuration(
    JsonValue answer) {
  const JsonValue value = answer["cacheDuration"];
  if (value.is_unset()) return std::nullopt;
  const absl::StatusOr<absl::Duration> parsed =
      ParseDuration(value.StringOrEmpty());
  if (!parsed.ok()) return Invalid("cacheDuration: invalid duration");
  return *parsed;
}

absl::StatusOr<std::vector<KeyringEntry>> ReadAccounts(
    JsonValue answer, const std::string& source) {
  std::vector<KeyringEntry> entries;
  const JsonValue auth = answer["auth"];
  if (auth.is_unset()) return entries;
  if (!auth.is_object()) return Invalid("auth: expected an object");
  if (auth.size() > kMaxAccounts) return Invalid("auth: too many entries");
  for (const auto& [registry, account] : auth.members()) {
    const std::optional<RegistryPattern> pattern =
        RegistryPattern::Parse(registry);
    if (!pattern || !account.is_object()) return Invalid("auth: invalid entry");
    Credential credential = {.username = account["username"].StringOrEmpty(),
                             .password = account["password"].StringOrEmpty(),
                             .source = source};
    // That is how some plugins say that a registry needs no credentials.
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

absl::StatusOr<ProviderResponse> ParseProviderResponse(
    absl::string_view text, const CredentialProvider& provider) {
  const absl::StatusOr<JsonDocument> document = JsonDocument::ParseObject(text);
  if (!document.ok()) return Invalid("invalid JSON: expected an object");
  const JsonValue response = document->root();
  if (response["kind"].StringOrEmpty() != "CredentialProviderResponse") {
    return Invalid("kind: expected CredentialProviderResponse");
  }
  if (response["apiVersion"].StringOrEmpty() != provider.api_version) {
    return Invalid("apiVersion: expected that of the request");
  }
  ProviderResponse answer;
  ASSIGN_OR_RETURN(answer.scope, ReadScope(response));
  ASSIGN_OR_RETURN(answer.cache_duration, ReadCacheDuration(response));
  ASSIGN_OR_RETURN(
      answer.entries,
      ReadAccounts(response, absl::StrCat("plugin ", provider.name)));
  return answer;
}

}  // namespace prepull
