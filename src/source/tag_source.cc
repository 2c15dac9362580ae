// Tags of a repository by a rule (--select). The rule itself: tags/tag_rule.h.
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/list/list_file.h"
#include "prepull/tags/tag_rule.h"
#include "src/source/image_source.h"
#include "src/source/source_line.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

// An alias moves, so its presence on the node is not enough. It is pulled by
// its name all the same: pulled by digest the node would not have the name.
absl::Status DescribeAlias(ImageRequest& alias, RegistryClient& registry) {
  const absl::StatusOr<std::string> digest =
      registry.ResolveDigest(*alias.reference);
  RETURN_IF_ERROR(Annotate(digest.status(), alias.image));
  absl::StrAppend(&alias.origin, ", now ", *digest);
  alias.options.policy = PullPolicy::kAlways;
  return absl::OkStatus();
}

class TagSource : public ImageSource {
 public:
  explicit TagSource(TagRule rule)
      : ImageSource(ImageNamed(rule.repository().text(), "--select")),
        rule_(std::move(rule)) {}

  absl::StatusOr<std::vector<ImageRequest>> Read(
      RegistryClient& registry) override {
    const Reference& repository = rule_.repository();
    ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                     registry.ListTags(repository));
    ASSIGN_OR_RETURN(const std::vector<SelectedTag> selected,
                     rule_.Select(tags));
    for (const std::string& alias : rule_.aliases()) {
      if (absl::c_linear_search(selected, SelectedTag{alias, true})) continue;
      Log(LogLevel::kWarn, "tag not found",
          {{"repository", repository.text()}, {"tag", alias}});
    }
    std::vector<ImageRequest> images;
    for (const SelectedTag& tag : selected) {
      ImageRequest request =
          ImageNamed(absl::StrCat(repository.text(), ":", tag.tag),
                     absl::StrCat("--select ", repository.text()));
      if (tag.is_alias) RETURN_IF_ERROR(DescribeAlias(request, registry));
      images.push_back(std::move(request));
    }
    return images;
  }

 private:
  const TagRule rule_;
};

}  // namespace

absl::Status AddTagRules(const SourceOptions& options, FileSystem& files,
                         SourceSet& sources) {
  ASSIGN_OR_RETURN(const std::vector<SourceLine> lines,
                   ReadSourceLines(options.selects, "--select",
                                   options.select_files, files));
  for (const SourceLine& line : lines) {
    if (line.text.front() == '#') continue;
    absl::StatusOr<TagRule> rule = TagRule::Parse(line.text);
    RETURN_IF_ERROR(Annotate(rule.status(), line.origin));
    sources.Add(std::make_unique<TagSource>(*std::move(rule)));
  }
  return absl::OkStatus();
}

}  // namespace prepull
