#include "src/registry/tag_pages.h"

#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"
#include "src/registry/responses.h"

namespace prepull {
namespace {

constexpr int64_t kMaxTagPageBytes = 8 << 20;
constexpr size_t kMaxTags = 1'000'000;
constexpr size_t kMaxTagPages = 10'000;

// Returns the path of `link` on the page `path`, below `base`: it must not be
// on another host or in another repository.
absl::StatusOr<std::string> PageOf(const std::string& base,
                                   const std::string& path,
                                   const std::string& link) {
  absl::StatusOr<std::string> url = ResolveUrl(absl::StrCat(base, path), link);
  RETURN_IF_ERROR(Annotate(url.status(), "header Link"));
  absl::string_view next = *url;
  if (!absl::ConsumePrefix(&next, base)) {
    return absl::InvalidArgumentError(
        "tag list: next page outside of the repository");
  }
  return std::string(next);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> TagsAt(const Place& place,
                                                RequestRouter& router) {
  ASSIGN_OR_RETURN(const std::string base, router.BaseUrl(place));
  std::vector<std::string> tags;
  std::set<std::string> asked;
  std::string path = "tags/list?n=1000";
  while (asked.insert(path).second) {
    if (asked.size() > kMaxTagPages) {
      return absl::ResourceExhaustedError(
          absl::StrCat("tag list: more than ", kMaxTagPages, " pages"));
    }
    ASSIGN_OR_RETURN(
        const HttpResponse response,
        router.Ask(place, path, {.limits = {.body_bytes = kMaxTagPageBytes}}));
    RETURN_IF_ERROR(CheckResponse("registry", response));
    ASSIGN_OR_RETURN(std::vector<std::string> page,
                     ParseTagList(response.body));
    tags.insert(tags.end(), std::make_move_iterator(page.begin()),
                std::make_move_iterator(page.end()));
    if (tags.size() > kMaxTags) {
      return absl::ResourceExhaustedError(
          absl::StrCat("tag list: more than ", kMaxTags, " tags"));
    }
    ASSIGN_OR_RETURN(const std::string next, NextPage(response));
    if (next.empty()) return tags;
    ASSIGN_OR_RETURN(path, PageOf(base, path, next));
  }
  return absl::InvalidArgumentError("tag list: the pages form a loop");
}

}  // namespace prepull
