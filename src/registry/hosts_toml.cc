#include "src/registry/hosts_toml.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/toml_reader.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

using TomlKind = TomlValue::Kind;

// One call of ParseHostsToml.
class HostsToml {
 public:
  explicit HostsToml(const TomlDocument& document) : document_(document) {}

  absl::StatusOr<RegistryRule> Rule() {
    RegistryRule rule = {.origin = document_.LineOf(document_.root())};
    std::string server;
    RETURN_IF_ERROR(document_.Read(document_.root(), "server", server));
    ASSIGN_OR_RETURN(rule.own, Endpoint(document_.root(), server));
    const TomlValue* hosts = document_.root().Find("host");
    if (hosts == nullptr) return rule;
    if (hosts->kind != TomlKind::kTable) {
      return document_.Error(*hosts, "host: expected tables [host.\"URL\"]");
    }
    for (const TomlValue& host : hosts->items) {
      if (host.kind != TomlKind::kTable) {
        return document_.Error(host, "host: expected a table");
      }
      ASSIGN_OR_RETURN(RegistryEndpoint mirror, Endpoint(host, host.key));
      rule.mirrors.push_back(std::move(mirror));
    }
    return rule;
  }

 private:
  // An empty `url` leaves the name as it is.
  absl::StatusOr<RegistryEndpoint> Endpoint(const TomlValue& table,
                                            const std::string& url) {
    RegistryEndpoint endpoint = {.names_registry = true};
    bool overrides_path = false;
    RETURN_IF_ERROR(document_.Read(table, "override_path", overrides_path));
    RETURN_IF_ERROR(
        document_.Read(table, "skip_verify", endpoint.accepts_any_certificate));
    if (!url.empty()) {
      RETURN_IF_ERROR(SetUrl(table, url, overrides_path, endpoint));
    }
    ASSIGN_OR_RETURN(endpoint.pull_by, PullByOf(table));
    ASSIGN_OR_RETURN(const std::vector<std::string> paths, Texts(table, "ca"));
    for (const std::string& path : paths) endpoint.ca.push_back({.path = path});
    return endpoint;
  }

  absl::Status SetUrl(const TomlValue& table, const std::string& text,
                      bool overrides_path, RegistryEndpoint& endpoint) {
    const bool has_scheme = absl::StartsWith(text, "http");
    const absl::StatusOr<Url> url =
        ParseUrl(absl::StrCat(has_scheme ? "" : "https://", text));
    if (!url.ok() || absl::StrContains(url->target, '?')) {
      return document_.Error(
          table, absl::StrCat("host \"", Printable(text, 200),
                              "\": expected http:// or https:// and a host"));
    }
    endpoint.may_be_plain = !url->is_secure;
    endpoint.location = url->origin.authority;
    // Without a dot it would be a path at Docker Hub, and without this port
    // TLS would be tried at another.
    const bool has_port = absl::StrContains(endpoint.location, ':');
    const bool has_dot = absl::StrContains(endpoint.location, '.');
    if (!has_port && !url->is_secure) endpoint.location += ":80";
    if (!has_port && url->is_secure && !has_dot) endpoint.location += ":443";
    std::string path(absl::StripSuffix(url->target, "/"));
    if (!overrides_path && !absl::EndsWith(path, "/v2")) {
      absl::StrAppend(&path, "/v2");
    }
    endpoint.api_path = absl::StrCat(path, "/");
    return absl::OkStatus();
  }

  // A host that only pulls cannot tell what a tag stands for.
  absl::StatusOr<PullBy> PullByOf(const TomlValue& table) {
    ASSIGN_OR_RETURN(const std::vector<std::string> capabilities,
                     Texts(table, "capabilities"));
    if (capabilities.empty()) return PullBy::kAny;
    bool pulls = false;
    bool resolves = false;
    for (const std::string& capability : capabilities) {
      pulls = pulls || absl::EqualsIgnoreCase(capability, "pull");
      resolves = resolves || absl::EqualsIgnoreCase(capability, "resolve");
    }
    if (!pulls) return PullBy::kNothing;
    return resolves ? PullBy::kAny : PullBy::kDigest;
  }

  // Returns the texts of the item `key`: it may be one or an array.
  absl::StatusOr<std::vector<std::string>> Texts(const TomlValue& table,
                                                 absl::string_view key) {
    std::vector<std::string> texts;
    const TomlValue* item = table.Find(key);
    if (item == nullptr) return texts;
    if (item->kind == TomlKind::kString) return std::vector{item->text};
    for (const TomlValue& each : item->items) {
      if (each.kind == TomlKind::kString) texts.push_back(each.text);
    }
    if (item->kind == TomlKind::kArray && texts.size() == item->items.size()) {
      return texts;
    }
    return document_.Error(*item, absl::StrCat(key, ": expected strings"));
  }

  const TomlDocument& document_;
};

}  // namespace

absl::StatusOr<RegistryRule> ParseHostsToml(absl::string_view text,
                                            const std::string& name) {
  ASSIGN_OR_RETURN(const TomlDocument document,
                   TomlDocument::Parse(text, name));
  return HostsToml(document).Rule();
}

}  // namespace prepull
