#include "test/support/kubernetes_api/api_request.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_writer.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

const std::array<ApiResource, 11> kResources = {{
    {.resource = "nodes",
     .kind = "Node",
     .is_namespaced = false,
     .has_status = true},
    {.resource = "namespaces", .kind = "Namespace", .is_namespaced = false},
    {.resource = "pods", .kind = "Pod", .has_status = true},
    {.resource = "configmaps", .kind = "ConfigMap"},
    {.resource = "secrets", .kind = "Secret"},
    {.resource = "events", .kind = "Event"},
    {.group_version = "events.k8s.io/v1",
     .resource = "events",
     .kind = "Event"},
    {.group_version = "coordination.k8s.io/v1",
     .resource = "leases",
     .kind = "Lease"},
    {.group_version = "apps/v1",
     .resource = "daemonsets",
     .kind = "DaemonSet",
     .has_status = true,
     .has_generation = true},
    {.group_version = "batch/v1",
     .resource = "jobs",
     .kind = "Job",
     .has_status = true,
     .has_generation = true},
    {.group_version = "prepull.dev/v1alpha1",
     .resource = "prepulls",
     .kind = "Prepull",
     .has_status = true,
     .has_generation = true,
     .is_custom = true},
}};

std::string Decoded(absl::string_view text) {
  absl::StatusOr<std::string> decoded = PercentDecoded(text);
  return decoded.ok() ? *std::move(decoded) : std::string(text);
}

// Path and query.
absl::string_view TargetOf(absl::string_view url) {
  const size_t origin = url.find("://");
  if (origin != absl::string_view::npos) url.remove_prefix(origin + 3);
  const size_t slash = url.find('/');
  return slash == absl::string_view::npos ? "/" : url.substr(slash);
}

void ReadPath(absl::string_view path, ApiRequest& request) {
  std::vector<std::string> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    parts.push_back(Decoded(part));
  }
  // "", "api", "v1", ...
  size_t at = 0;
  if (parts.size() > 3 && parts[1] == "api") {
    request.group_version = parts[2];
    at = 3;
  } else if (parts.size() > 4 && parts[1] == "apis") {
    request.group_version = absl::StrCat(parts[2], "/", parts[3]);
    at = 4;
  } else {
    return;
  }
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    request.name_space = parts[at + 1];
    at += 2;
  }
  request.resource = parts[at];
  if (parts.size() > at + 1) request.name = parts[at + 1];
  if (parts.size() > at + 2) request.subresource = parts[at + 2];
  if (parts.size() > at + 3) request.resource.clear();
}

std::string VerbOf(const std::string& method, const ApiRequest& request) {
  if (request.resource.empty()) return "";
  const bool is_one = !request.name.empty();
  if (method == "GET" && is_one) return "get";
  if (method == "GET") {
    const std::string watch = request.Query("watch");
    return watch == "1" || watch == "true" ? "watch" : "list";
  }
  if (method == "POST" && !is_one) return "create";
  if (method == "DELETE" && is_one) return "delete";
  if (method != "PATCH" || !is_one) return "";
  return request.content_type == "application/apply-patch+yaml" ? "apply"
                                                                : "patch";
}

}  // namespace

const ApiResource* FindApiResource(const std::string& collection) {
  for (const ApiResource& resource : kResources) {
    if (absl::StrCat(resource.group_version, "/", resource.resource) ==
        collection) {
      return &resource;
    }
  }
  return nullptr;
}

std::string ApiRequest::target() const {
  return subresource.empty() ? resource
                             : absl::StrCat(resource, "/", subresource);
}

std::string ApiRequest::key() const {
  return name_space.empty() ? name : absl::StrCat(name_space, "/", name);
}

std::string ApiRequest::Query(const std::string& key) const {
  const auto found = query.find(key);
  return found == query.end() ? "" : found->second;
}

bool ApiRequest::changes() const {
  return verb == "create" || verb == "patch" || verb == "apply" ||
         verb == "delete";
}

ApiRequest ParseApiRequest(const HttpRequest& request) {
  const absl::string_view target = TargetOf(request.url);
  const size_t question = target.find('?');
  ApiRequest parsed = {.path = std::string(target.substr(0, question)),
                       .body = request.body};
  for (const HttpHeader& header : request.headers) {
    if (absl::EqualsIgnoreCase(header.name, "Content-Type")) {
      parsed.content_type = header.value;
    } else if (absl::EqualsIgnoreCase(header.name, "Authorization")) {
      parsed.token = std::string(absl::StripPrefix(header.value, "Bearer "));
    }
  }
  if (question != absl::string_view::npos) {
    for (const absl::string_view pair :
         absl::StrSplit(target.substr(question + 1), '&')) {
      const std::pair<absl::string_view, absl::string_view> parts =
          absl::StrSplit(pair, absl::MaxSplits('=', 1));
      parsed.query[Decoded(parts.first)] = Decoded(parts.second);
    }
  }
  ReadPath(parsed.path, parsed);
  parsed.verb = VerbOf(request.method, parsed);
  return parsed;
}

std::string StatusText(int code, absl::string_view reason,
                       absl::string_view message) {
  JsonWriter status;
  status.OpenObject()
      .String("kind", "Status")
      .String("apiVersion", "v1")
      .OpenObject("metadata")
      .CloseObject()
      .String("status", code / 100 == 2 ? "Success" : "Failure");
  if (!message.empty()) status.String("message", message);
  if (!reason.empty()) status.String("reason", reason);
  status.Integer("code", code).CloseObject();
  return status.Take();
}

HttpResponse JsonAnswer(int code, std::string body) {
  return {.status = code,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

HttpResponse StatusAnswer(int code, absl::string_view reason,
                          absl::string_view message) {
  return JsonAnswer(code, StatusText(code, reason, message));
}

HttpResponse NotFound(const ApiRequest& request) {
  return StatusAnswer(
      404, "NotFound",
      absl::StrCat(request.resource, " \"", request.name, "\" not found"));
}

}  // namespace prepull
