#include "src/registry/registries_conf.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/toml_reader.h"

namespace prepull {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", Printable(text, 200), "\"");
}

// One call of ParseRegistriesConf.
class RegistriesConf {
 public:
  explicit RegistriesConf(const TomlDocument& document) : document_(document) {}

  absl::StatusOr<std::vector<RegistryRule>> Rules() {
    if (const TomlValue* first = document_.root().Find("registries")) {
      return document_.Error(
          *first, "version 1 of the format: expected tables [[registry]]");
    }
    ASSIGN_OR_RETURN(const auto tables,
                     document_.Tables(document_.root(), "registry"));
    std::vector<RegistryRule> rules;
    for (const TomlValue* table : tables) {
      ASSIGN_OR_RETURN(RegistryRule rule, Rule(*table));
      RETURN_IF_ERROR(CheckConflict(*table, rule));
      rules.push_back(std::move(rule));
    }
    return rules;
  }

 private:
  absl::StatusOr<RegistryRule> Rule(const TomlValue& table) {
    RegistryRule rule = {.origin = document_.LineOf(table)};
    ASSIGN_OR_RETURN(rule.own, Endpoint(table));
    ASSIGN_OR_RETURN(rule.prefix, Name(table, "prefix"));
    const bool is_wildcard = absl::StartsWith(rule.prefix, "*.");
    if (rule.own.location.empty() && !is_wildcard) {
      return document_.Error(table, "registry: expected a location");
    }
    if (rule.prefix.empty()) rule.prefix = rule.own.location;
    if (is_wildcard && rule.prefix.find_first_of("/@:") != std::string::npos) {
      return document_.Error(table, absl::StrCat("prefix ", Quoted(rule.prefix),
                                                 ": expected \"*.DOMAIN\""));
    }
    RETURN_IF_ERROR(document_.Read(table, "blocked", rule.is_blocked));
    if (const TomlValue* wrong = table.Find("pull-from-mirror")) {
      return document_.Error(*wrong,
                             "pull-from-mirror: expected in a mirror only");
    }
    RETURN_IF_ERROR(AddMirrors(table, rule));
    return rule;
  }

  absl::Status AddMirrors(const TomlValue& table, RegistryRule& rule) {
    bool by_digest_only = false;
    RETURN_IF_ERROR(
        document_.Read(table, "mirror-by-digest-only", by_digest_only));
    ASSIGN_OR_RETURN(const auto mirrors, document_.Tables(table, "mirror"));
    for (const TomlValue* each : mirrors) {
      ASSIGN_OR_RETURN(RegistryEndpoint mirror, Endpoint(*each));
      if (mirror.location.empty()) {
        return document_.Error(*each, "mirror: expected a location");
      }
      ASSIGN_OR_RETURN(mirror.pull_by, PullByOf(*each, by_digest_only));
      rule.mirrors.push_back(std::move(mirror));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<PullBy> PullByOf(const TomlValue& mirror,
                                  bool by_digest_only) {
    const TomlValue* value = mirror.Find("pull-from-mirror");
    std::string text;
    RETURN_IF_ERROR(document_.Read(mirror, "pull-from-mirror", text));
    if (by_digest_only && !text.empty()) {
      return document_.Error(
          *value, "pull-from-mirror: stands beside mirror-by-digest-only");
    }
    if (by_digest_only || text == "digest-only") return PullBy::kDigest;
    if (text == "tag-only") return PullBy::kTag;
    if (text.empty() || text == "all") return PullBy::kAny;
    return document_.Error(
        *value, absl::StrCat("pull-from-mirror ", Quoted(text),
                             ": expected all, digest-only or tag-only"));
  }

  // "insecure" allows both a certificate that nobody vouches for and none.
  absl::StatusOr<RegistryEndpoint> Endpoint(const TomlValue& table) {
    RegistryEndpoint endpoint;
    ASSIGN_OR_RETURN(endpoint.location, Name(table, "location"));
    bool is_insecure = false;
    RETURN_IF_ERROR(document_.Read(table, "insecure", is_insecure));
    endpoint.may_be_plain = is_insecure;
    endpoint.accepts_any_certificate = is_insecure;
    return endpoint;
  }

  absl::StatusOr<std::string> Name(const TomlValue& table,
                                   const std::string& key) {
    std::string name;
    RETURN_IF_ERROR(document_.Read(table, key, name));
    while (absl::EndsWith(name, "/")) name.pop_back();
    if (absl::StartsWith(name, "http://") ||
        absl::StartsWith(name, "https://")) {
      return document_.Error(
          *table.Find(key),
          absl::StrCat(key, " ", Quoted(name), ": expected no https://"));
    }
    return name;
  }

  // One location must not be secure in one table and insecure in another.
  absl::Status CheckConflict(const TomlValue& table, const RegistryRule& rule) {
    const std::string& location =
        rule.own.location.empty() ? rule.prefix : rule.own.location;
    const auto [known, is_new] = locations_.emplace(location, rule);
    if (is_new) return absl::OkStatus();
    const RegistryRule& other = known->second;
    const bool is_equal = other.is_blocked == rule.is_blocked &&
                          other.own.may_be_plain == rule.own.may_be_plain;
    if (is_equal) return absl::OkStatus();
    return document_.Error(
        table, absl::StrCat(
                   "location ", Quoted(location), ": expected the same ",
                   other.is_blocked == rule.is_blocked ? "insecure" : "blocked",
                   " as in ", other.origin));
  }

  const TomlDocument& document_;
  std::map<std::string, RegistryRule> locations_;
};

}  // namespace

absl::StatusOr<std::vector<RegistryRule>> ParseRegistriesConf(
    absl::string_view text, const std::string& name) {
  ASSIGN_OR_RETURN(const TomlDocument document,
                   TomlDocument::Parse(text, name));
  return RegistriesConf(document).Rules();
}

}  // namespace prepull
