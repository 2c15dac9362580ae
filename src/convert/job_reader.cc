#include "src/convert/job_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/deploy/names.h"

namespace prepull {
namespace {

// Of the names of a Prepull's Jobs.
constexpr size_t kMaxPrepullName = 40;
constexpr absl::string_view kEdgeLabel = "node-role.kubernetes.io/edge";
constexpr absl::string_view kNoCounterpart = "no counterpart: left out";

// "ImagePrepullExample" as the name of a Prepull: "imageprepullexample".
std::string PrepullName(absl::string_view name) {
  std::string label;
  for (const char c : name) {
    label.push_back(absl::ascii_isalnum(c) ? absl::ascii_tolower(c) : '-');
  }
  label.resize(std::min(label.size(), kMaxPrepullName));
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label.substr(std::min(label.find_first_not_of('-'), label.size()));
}

}  // namespace

void KubeEdgeJobReader::Warn(const YamlField& field, absl::string_view what) {
  result_.warnings.push_back(absl::StrCat(field.path(), ": ", what));
}

absl::Status KubeEdgeJobReader::WarnOfOthers(
    const YamlField& map, const std::set<std::string>& known) {
  ASSIGN_OR_RETURN(const auto members, map.Members());
  for (const auto& [key, member] : members) {
    if (!known.contains(key)) Warn(member, kNoCounterpart);
  }
  return absl::OkStatus();
}

absl::StatusOr<ConvertedJob> KubeEdgeJobReader::Read(const YamlField& job) {
  RETURN_IF_ERROR(ReadMetadata(job["metadata"]));
  const YamlField spec = job["spec"];
  if (!spec["imagePrePullTemplate"].is_map()) {
    return spec["imagePrePullTemplate"].Invalid("expected a map");
  }
  RETURN_IF_ERROR(ReadTemplate(spec["imagePrePullTemplate"]));
  for (const char* key : {"imagePrePullOverriders", "imagePrepullScope"}) {
    RETURN_IF_ERROR(ReadOverriders(spec[key]));
  }
  RETURN_IF_ERROR(WarnOfOthers(
      spec,
      {"imagePrePullTemplate", "imagePrePullOverriders", "imagePrepullScope"}));
  return std::move(result_);
}

// Of the rest of it, nothing is the job's own: what the server and kubectl
// have written.
absl::Status KubeEdgeJobReader::ReadMetadata(const YamlField& metadata) {
  ASSIGN_OR_RETURN(const std::string name, metadata["name"].Text());
  result_.prepull.name = PrepullName(name);
  if (result_.prepull.name.empty()) {
    return metadata["name"].Invalid("expected a name of letters and digits");
  }
  if (result_.prepull.name != name) {
    Warn(metadata["name"],
         absl::StrCat("the Prepull is called ", result_.prepull.name));
  }
  ASSIGN_OR_RETURN(const auto labels, metadata["labels"].Members());
  for (const auto& [key, field] : labels) {
    ASSIGN_OR_RETURN(std::string value, field.Text());
    if (CheckLabelKey(key).ok() && CheckLabelValue(value).ok()) {
      result_.prepull.labels.push_back({key, std::move(value)});
    } else {
      Warn(field, "no label of Kubernetes: left out");
    }
  }
  return absl::OkStatus();
}

absl::Status KubeEdgeJobReader::ReadTemplate(const YamlField& job_template) {
  RETURN_IF_ERROR(ReadImages(job_template["images"]));
  RETURN_IF_ERROR(ReadNodes(job_template));
  RETURN_IF_ERROR(ReadLimits(job_template));
  RETURN_IF_ERROR(ReadTolerance(job_template["failureTolerate"]));
  RETURN_IF_ERROR(ReadChecks(job_template["checkItems"]));
  for (const char* key : {"imageSecrets", "imageSecret"}) {
    RETURN_IF_ERROR(ReadSecret(job_template[key]));
  }
  return WarnOfOthers(
      job_template,
      {"images", "nodeNames", "nodes", "labelSelector", "concurrency",
       "timeoutSeconds", "retryTimes", "failureTolerate", "checkItems",
       "imageSecrets", "imageSecret"});
}

absl::Status KubeEdgeJobReader::ReadNodes(const YamlField& job_template) {
  // `nodes` stands in KubeEdge's own samples.
  for (const char* key : {"nodeNames", "nodes"}) {
    ASSIGN_OR_RETURN(const std::vector<YamlField> names,
                     job_template[key].Items());
    for (const YamlField& field : names) {
      ASSIGN_OR_RETURN(std::string name, field.Text());
      if (!IsDnsSubdomain(name)) return field.Invalid("no name of a node");
      result_.prepull.node_names.push_back(std::move(name));
    }
  }
  const YamlField selector = job_template["labelSelector"];
  const bool has_names = !result_.prepull.node_names.empty();
  if (has_names && selector.is_set()) {
    return selector.Invalid("either nodeNames or a labelSelector, not both");
  }
  if (has_names) return absl::OkStatus();
  ASSIGN_OR_RETURN(LabelSelector nodes, ReadSelector(selector));
  if (!selector.is_set()) {
    Warn(job_template,
         "neither nodeNames nor labelSelector: KubeEdge fails such a job; the "
         "Prepull goes to all edge nodes");
  }
  const bool says_edge =
      std::any_of(nodes.labels.begin(), nodes.labels.end(),
                  [](const Label& each) { return each.key == kEdgeLabel; }) ||
      std::any_of(nodes.expressions.begin(), nodes.expressions.end(),
                  [](const auto& each) { return each.key == kEdgeLabel; });
  // KubeEdge itself leaves out all others.
  if (!says_edge) {
    nodes.expressions.push_back({std::string(kEdgeLabel), "Exists"});
  }
  result_.prepull.nodes = std::move(nodes);
  return absl::OkStatus();
}

absl::StatusOr<LabelSelector> KubeEdgeJobReader::ReadSelector(
    const YamlField& selector) {
  LabelSelector nodes;
  ASSIGN_OR_RETURN(const auto labels, selector["matchLabels"].Members());
  for (const auto& [key, field] : labels) {
    ASSIGN_OR_RETURN(std::string value, field.Text());
    if (!CheckLabelKey(key).ok() || !CheckLabelValue(value).ok()) {
      return field.Invalid("no label of Kubernetes");
    }
    nodes.labels.push_back({key, std::move(value)});
  }
  ASSIGN_OR_RETURN(const std::vector<YamlField> expressions,
                   selector["matchExpressions"].Items());
  for (const YamlField& field : expressions) {
    LabelSelector::Expression expression;
    ASSIGN_OR_RETURN(expression.key, field["key"].Text());
    ASSIGN_OR_RETURN(expression.op, field["operator"].Text());
    ASSIGN_OR_RETURN(expression.values, field["values"].Texts());
    const bool has_values = expression.op == "In" || expression.op == "NotIn";
    const bool has_none =
        expression.op == "Exists" || expression.op == "DoesNotExist";
    if (!CheckLabelKey(expression.key).ok() || (!has_values && !has_none) ||
        has_values == expression.values.empty()) {
      return field.Invalid(
          "expected a key, an operator (In, NotIn, Exists, DoesNotExist) and "
          "the values of the first two");
    }
    nodes.expressions.push_back(std::move(expression));
  }
  return nodes;
}

absl::Status KubeEdgeJobReader::ReadLimits(const YamlField& job_template) {
  PrepullObject& prepull = result_.prepull;
  prepull.concurrency = 1;  // KubeEdge's default, also for 0 and less
  if (const YamlField field = job_template["concurrency"]; field.is_set()) {
    ASSIGN_OR_RETURN(const int64_t nodes, field.Number());
    prepull.concurrency = std::max<int64_t>(nodes, 1);
  }
  const YamlField timeout = job_template["timeoutSeconds"];
  if (timeout.is_set()) {
    ASSIGN_OR_RETURN(const int64_t seconds, timeout.Number());
    if (seconds < 0) return timeout.Invalid("expected a number from 0");
    if (seconds > 0) prepull.timeout_seconds = seconds;
  }
  if (!prepull.timeout_seconds) {
    Warn(timeout,
         "not set: KubeEdge says 300, and in v1alpha2 waits for ever; a "
         "Prepull has 1800 for each node");
  }
  if (const YamlField field = job_template["retryTimes"]; field.is_set()) {
    ASSIGN_OR_RETURN(const int64_t times, field.Number());
    prepull.retry_times = std::max<int64_t>(times, 0);
    if (times < 0) {
      Warn(field, "less than 0: with KubeEdge nothing was pulled; now 0");
    }
  }
  return absl::OkStatus();
}

absl::Status KubeEdgeJobReader::ReadTolerance(const YamlField& tolerance) {
  ASSIGN_OR_RETURN(const std::string share, tolerance.Text());
  double value = 0;
  const bool is_share = share.empty() || (absl::SimpleAtod(share, &value) &&
                                          value >= 0 && value <= 1);
  if (!is_share) return tolerance.Invalid("expected a share from 0 to 1");
  result_.prepull.failure_tolerate = share;
  return absl::OkStatus();
}

absl::Status KubeEdgeJobReader::ReadChecks(const YamlField& items) {
  ASSIGN_OR_RETURN(const std::vector<YamlField> fields, items.Items());
  for (const YamlField& field : fields) {
    ASSIGN_OR_RETURN(std::string item, field.Text());
    if (item == "disk" || item == "cpu" || item == "mem") {
      result_.prepull.check_items.push_back(std::move(item));
    } else {
      Warn(field, kNoCounterpart);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> KubeEdgeJobReader::SecretName(
    const YamlField& secret) {
  ASSIGN_OR_RETURN(const std::string text, secret.Text());
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  const std::string name(parts.back());
  if (parts.size() > 2 || !CheckDnsSubdomain(name).ok()) {
    return secret.Invalid("expected NAMESPACE/NAME of a Secret");
  }
  if (secrets_.insert(text).second) {
    Warn(secret,
         absl::StrCat("the Secret ", name,
                      " belongs to the namespace of the Prepull, with the type "
                      "kubernetes.io/dockerconfigjson"));
  }
  return name;
}

absl::Status KubeEdgeJobReader::ReadSecret(const YamlField& secret) {
  if (!secret.is_set()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::string name, SecretName(secret));
  result_.prepull.image_secrets.push_back(std::move(name));
  return absl::OkStatus();
}

}  // namespace prepull
