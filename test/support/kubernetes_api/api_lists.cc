// Lists of the fake API server, in pages that are one version all through.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/json_writer.h"
#include "test/support/kubernetes_api/api_objects.h"
#include "test/support/kubernetes_api/selector.h"

namespace prepull {
namespace {

// Where a list goes on.
struct ListPlace {
  int64_t version = 0;
  std::string last_key;
};

std::string TokenOf(const ListPlace& place) {
  return absl::BytesToHexString(
      absl::StrCat(place.version, ":", place.last_key));
}

std::optional<ListPlace> PlaceOf(const std::string& token) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(absl::HexStringToBytes(token), absl::MaxSplits(':', 1));
  ListPlace place = {.last_key = parts.second};
  if (!absl::SimpleAtoi(parts.first, &place.version)) return std::nullopt;
  return place;
}

HttpResponse BadList(absl::string_view message) {
  return StatusAnswer(400, "BadRequest", message);
}

HttpResponse ListExpired(const ApiRequest& request) {
  return StatusAnswer(
      410, "Expired",
      request.Query("continue").empty()
          ? "The resourceVersion for the provided list is too old."
          : "The provided continue parameter is too old to display a "
            "consistent list result.");
}

// The version that the list is of; an answer where there is none.
std::optional<HttpResponse> FindVersion(const ApiRequest& request,
                                        int64_t newest, ListPlace& place) {
  place.version = newest;
  const std::string wanted = request.Query("resourceVersion");
  if (const std::string token = request.Query("continue"); !token.empty()) {
    const std::optional<ListPlace> found = PlaceOf(token);
    if (!found) return BadList("continue key is not valid");
    if (!wanted.empty()) {
      return BadList(
          "specifying resource version is not allowed when using "
          "continue");
    }
    place = *found;
    return std::nullopt;
  }
  int64_t version = 0;
  if (wanted.empty() || wanted == "0") return std::nullopt;
  if (!absl::SimpleAtoi(wanted, &version)) {
    return BadList("Invalid value: resourceVersion");
  }
  if (version > newest) {
    return StatusAnswer(504, "Timeout",
                        absl::StrCat("Too large resource version: ", version,
                                     ", current: ", newest));
  }
  if (request.Query("resourceVersionMatch") == "Exact") place.version = version;
  return std::nullopt;
}

}  // namespace

HttpResponse ApiObjects::List(const ApiRequest& request) const {
  ListPlace place;
  if (auto answer = FindVersion(request, store_.version(), place)) {
    return *std::move(answer);
  }
  const absl::StatusOr<Selector> selector = Selector::Parse(
      request.Query("labelSelector"), request.Query("fieldSelector"));
  if (!selector.ok()) return BadList(selector.status().message());
  const auto objects = store_.ListAt(request.collection(), place.version);
  if (!objects) return ListExpired(request);
  size_t limit = 0;
  if (!absl::SimpleAtoi(request.Query("limit"), &limit)) limit = 0;

  const std::string prefix =
      request.name_space.empty() ? "" : request.name_space + "/";
  const ApiResource& resource = *FindApiResource(request.collection());
  std::string items;
  size_t count = 0;
  bool has_more = false;
  auto at = place.last_key.empty() ? objects->lower_bound(prefix)
                                   : objects->upper_bound(place.last_key);
  for (; at != objects->end() && absl::StartsWith(at->first, prefix); ++at) {
    if (!selector->Selects(at->second->name, at->second->labels)) continue;
    has_more = limit > 0 && count == limit;
    if (has_more) break;
    absl::StrAppend(&items, count++ > 0 ? "," : "",
                    resource.is_custom ? at->second->text : at->second->item());
    place.last_key = at->first;
  }
  JsonWriter head;
  head.OpenObject()
      .String("kind", resource.kind + "List")
      .String("apiVersion", resource.group_version)
      .OpenObject("metadata")
      .String("resourceVersion", absl::StrCat(place.version));
  if (has_more) head.String("continue", TokenOf(place));
  head.CloseObject();
  return JsonAnswer(200,
                    absl::StrCat(head.text(), ",\"items\":[", items, "]}"));
}

}  // namespace prepull
