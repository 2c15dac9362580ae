// Reads one ImagePrePullJob.
#ifndef PREPULL_SRC_CONVERT_JOB_READER_H_
#define PREPULL_SRC_CONVERT_JOB_READER_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "prepull/convert/kubeedge.h"
#include "src/convert/yaml_field.h"

namespace prepull {

class KubeEdgeJobReader {
 public:
  // Errors: INVALID_ARGUMENT  names line and field.
  absl::StatusOr<ConvertedJob> Read(const YamlField& job);

 private:
  absl::Status ReadMetadata(const YamlField& metadata);
  absl::Status ReadTemplate(const YamlField& job_template);
  absl::Status ReadImages(const YamlField& images);
  absl::Status ReadImage(const YamlField& image);
  // An image by its parts, as in the proposal.
  absl::StatusOr<std::string> JoinParts(const YamlField& image);
  absl::Status ReadNodes(const YamlField& job_template);
  absl::StatusOr<LabelSelector> ReadSelector(const YamlField& selector);
  absl::Status ReadLimits(const YamlField& job_template);
  absl::Status ReadTolerance(const YamlField& tolerance);
  absl::Status ReadChecks(const YamlField& items);
  absl::Status ReadSecret(const YamlField& secret);
  absl::Status ReadOverriders(const YamlField& overriders);
  absl::StatusOr<std::vector<PartOverride>> ReadParts(
      const YamlField& parts, const std::set<std::string>& components);

  // Returns the Secret's name of "NAMESPACE/NAME".
  absl::StatusOr<std::string> SecretName(const YamlField& secret);
  void Warn(const YamlField& field, absl::string_view what);
  // Warns of all members of `map` that are not among `known`.
  absl::Status WarnOfOthers(const YamlField& map,
                            const std::set<std::string>& known);

  ConvertedJob result_;
  std::set<std::string> secrets_;  // namespaces and names, told of once
};

}  // namespace prepull

#endif  // PREPULL_SRC_CONVERT_JOB_READER_H_
