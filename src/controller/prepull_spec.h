// What a Prepull asks for. Pure.
//
// The CRD's schema and rules have refused most of what is wrong; what comes
// through all the same is an error that names the field.
#ifndef PREPULL_SRC_CONTROLLER_PREPULL_SPEC_H_
#define PREPULL_SRC_CONTROLLER_PREPULL_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/json_reader.h"
#include "prepull/deploy/node_job.h"
#include "prepull/deploy/prepull_object.h"
#include "prepull/list/image_request.h"

namespace prepull {

// A number, or a share of something.
struct Share {
  int64_t number = 0;
  bool is_percent = false;

  // Of `all`; a share is rounded up, so that it is never nothing.
  int64_t Of(int64_t all) const;
};

// Where images come from that are not named: the flags of `resolve`.
struct SourceSpec {
  std::string select = "";
  std::string release = "";
  std::vector<std::string> excludes = {};
  std::string catalog = "";
  std::vector<std::string> packages = {};
  std::string versions = "";
  std::string precache_spec = "";  // a ConfigMap
};

struct PrepullSpec {
  std::vector<std::string> images = {};
  std::vector<SourceSpec> sources = {};
  absl::Duration refresh_interval = absl::ZeroDuration();  // 0 = once
  NodeTask task = NodeTask::kFetch;
  std::vector<std::string> node_names = {};
  std::optional<LabelSelector> nodes = std::nullopt;
  bool includes_cordoned = true;
  Share concurrency = {.number = 10};
  std::vector<Share> waves = {};
  double failure_tolerate = 0.1;
  absl::Duration timeout = absl::Minutes(30);
  int64_t retry_times = 2;
  std::vector<std::string> check_items = {};
  std::string space_required = "";
  PullPolicy pull_policy = PullPolicy::kIfNotPresent;
  std::vector<std::string> image_secrets = {};
  bool pin = false;
  std::string priority_class = "";
  std::vector<NodeOverride> overrides = {};
  bool is_suspended = false;
  std::optional<absl::Duration> kept_for = std::nullopt;  // after its end
  // Of all that its list is made of: another one is resolved anew.
  std::string inputs_hash = "";
};

// Errors: INVALID_ARGUMENT  names the field: "spec.waves[1]: ...".
absl::StatusOr<PrepullSpec> ParsePrepullSpec(JsonValue spec);

// Parses a number from 1, or a share from 1% to 100%.
std::optional<Share> ParseShare(JsonValue value);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_PREPULL_SPEC_H_
