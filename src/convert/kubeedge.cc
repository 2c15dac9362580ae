// yaml-cpp throws; its exceptions are caught here.
#include "prepull/convert/kubeedge.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/convert/job_reader.h"

namespace prepull {
namespace {

constexpr absl::string_view kGroup = "operations.kubeedge.io/";
constexpr char kJobKind[] = "ImagePrePullJob";

absl::Status AddJob(const YamlField& object, std::vector<ConvertedJob>& jobs) {
  ASSIGN_OR_RETURN(const std::string kind, object["kind"].Text());
  if (kind != kJobKind) {
    return object.Invalid(absl::StrCat("kind \"", Printable(kind, 64),
                                       "\": expected ", kJobKind));
  }
  ASSIGN_OR_RETURN(const std::string version, object["apiVersion"].Text());
  if (version != absl::StrCat(kGroup, "v1alpha1") &&
      version != absl::StrCat(kGroup, "v1alpha2")) {
    return object["apiVersion"].Invalid(
        absl::StrCat("expected ", kGroup, "v1alpha1 or v1alpha2"));
  }
  ASSIGN_OR_RETURN(ConvertedJob job, KubeEdgeJobReader().Read(object));
  jobs.push_back(std::move(job));
  return absl::OkStatus();
}

// A list has no lists in it; an alias could make one endless.
absl::Status AddDocument(const YamlField& document,
                         std::vector<ConvertedJob>& jobs) {
  if (!document.is_set()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string kind, document["kind"].Text());
  if (kind != "List" && kind != absl::StrCat(kJobKind, "List")) {
    return AddJob(document, jobs);
  }
  ASSIGN_OR_RETURN(const std::vector<YamlField> items,
                   document["items"].Items());
  for (const YamlField& item : items) RETURN_IF_ERROR(AddJob(item, jobs));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ConvertedJob>> ConvertKubeEdge(
    absl::string_view text) {
  std::vector<ConvertedJob> jobs;
  try {
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      RETURN_IF_ERROR(AddDocument(YamlField(document, ""), jobs));
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        error.mark.line + 1, ": invalid YAML: ", Printable(error.msg, 200)));
  }
  if (!jobs.empty()) return jobs;
  return absl::InvalidArgumentError(absl::StrCat("holds no ", kJobKind));
}

}  // namespace prepull
