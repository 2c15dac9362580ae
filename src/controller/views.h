// What is kept of the objects that the controller watches. Pure.
//
// Each is made of an object of the API, which anybody may have written who may
// write there: what is missing or of a wrong type is as if it were not set.
#ifndef PREPULL_SRC_CONTROLLER_VIEWS_H_
#define PREPULL_SRC_CONTROLLER_VIEWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/json_reader.h"
#include "prepull/kube/job_state.h"
#include "src/controller/node_record.h"
#include "src/controller/prepull_spec.h"

namespace prepull {

// Of a ConfigMap that the controller has made: what it holds.
inline constexpr absl::string_view kKindLabel = "prepull.dev/kind";
inline constexpr absl::string_view kListKind = "list";
inline constexpr absl::string_view kResultsKind = "results";
// Of a list: the InputsHash of what it was resolved from; a list for some of
// the nodes only has none.
inline constexpr absl::string_view kInputsAnnotation = "prepull.dev/inputs";
inline constexpr absl::string_view kListDataKey = "images.txt";
// Of a Prepull: another value runs the failed nodes again.
inline constexpr absl::string_view kRetryAnnotation = "prepull.dev/retry-at";

using LabelMap = std::map<std::string, std::string>;

struct NodeView {
  LabelMap labels = {};
  std::string os = "";
  std::string runtime = "";  // "containerd://2.1.9"
  bool is_ready = false;
  absl::Time ready_changed = absl::InfinitePast();  // when is_ready became so
  std::string why_not_ready = "";
  bool is_cordoned = false;

  friend bool operator==(const NodeView&, const NodeView&) = default;
};

struct JobView {
  std::string name = "";
  std::string uid = "";
  std::string prepull = "";
  std::string node = "";
  std::string list_hash = "";
  std::string task = "";
  int64_t round = 0;
  absl::Time created = absl::InfinitePast();
  bool is_deleting = false;
  JobSight sight = {};
};

struct PodView {
  std::string prepull = "";
  std::string job_uid = "";
  absl::Time created = absl::InfinitePast();
  // By when it is to be gone: the end of its grace period.
  absl::Time due = absl::InfiniteFuture();
  std::string ended_at = "";  // RFC 3339; of its container
  PodSight sight = {};
};

struct ListView {
  std::string prepull = "";
  std::string owner_uid = "";  // of an earlier Prepull of that name it may be
  std::string hash = "";
  std::string inputs = "";
  std::string text = "";
};

struct ShardView {
  std::string name = "";
  std::string prepull = "";
  std::string owner_uid = "";
  std::string version = "";
  std::map<std::string, NodeRecord> records = {};  // by node
};

// A condition of a Prepull.
struct Condition {
  std::string type = "";
  std::string status = "";
  std::string reason = "";
  std::string message = "";
  std::string changed = "";  // RFC 3339
  int64_t generation = 0;
};

// What its status says that decisions follow.
struct PrepullStatus {
  int64_t generation = 0;  // that it is of
  int64_t round = 0;       // 0: no round has begun
  std::string retry_at = "";
  std::string started_at = "";  // RFC 3339
  std::string phase = "";
  std::string list_hash = "";
  std::string resolved_at = "";
  std::vector<Condition> conditions = {};

  const Condition* Find(absl::string_view type) const;
};

struct PrepullView {
  std::string name = "";
  std::string uid = "";
  int64_t generation = 0;
  bool is_deleting = false;
  std::string retry_at = "";
  absl::StatusOr<PrepullSpec> spec = PrepullSpec();
  PrepullStatus status = {};
};

NodeView ViewOfNode(JsonValue object);
JobView ViewOfJob(JsonValue object);
PodView ViewOfPod(JsonValue object);
PrepullView ViewOfPrepull(JsonValue object);
ListView ViewOfList(JsonValue object);
ShardView ViewOfShard(JsonValue object);

// The text of the key in an object's labels or annotations.
std::string LabelOf(JsonValue object, absl::string_view key);
std::string AnnotationOf(JsonValue object, absl::string_view key);

// A time of the API; absl::InfinitePast() for anything else, whose text is "".
absl::Time ApiTime(absl::string_view text);
std::string ApiTimeText(absl::Time time);

}  // namespace prepull

#endif  // PREPULL_SRC_CONTROLLER_VIEWS_H_
