// A WatchStep over jobs, and what a server says of them.
#ifndef PREPULL_TEST_KUBE_WATCH_STEP_FIXTURE_H_
#define PREPULL_TEST_KUBE_WATCH_STEP_FIXTURE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/kube/watch_step.h"
#include "test/support/status_matchers.h"

namespace prepull {

// A job as a server writes it, without a line break.
inline std::string JobText(const std::string& name, const std::string& version,
                           const std::string& uid = "u1") {
  return absl::StrCat(R"({"metadata":{"namespace":"team","name":")", name,
                      R"(","resourceVersion":")", version, R"(","uid":")", uid,
                      R"(","managedFields":[1]},"color":")", name, version,
                      "\"}");
}

inline std::string ListText(const std::vector<std::string>& items,
                            const std::string& version,
                            const std::string& next = "") {
  return absl::StrCat(R"({"metadata":{"resourceVersion":")", version,
                      R"(","continue":")", next, R"("},"items":[)",
                      absl::StrJoin(items, ","), "]}");
}

inline std::string EventText(const std::string& type,
                             const std::string& object) {
  return absl::StrCat(R"({"type":")", type, R"(","object":)", object, "}\n");
}

inline std::string ErrorEvent(int code, const std::string& message) {
  return EventText("ERROR", absl::StrCat(R"({"kind":"Status","code":)", code,
                                         R"(,"message":")", message, "\"}"));
}

class WatchStepTest : public testing::Test {
 protected:
  WatchQuestion Next() {
    const WatchQuestion question = step_.Next(now_);
    now_ = now_ + question.delay;
    return question;
  }
  void Page(const std::string& body) {
    Next();
    step_.OnPage(body, now_);
  }
  // A list with one job, and the question for the watch behind it.
  WatchQuestion Listed() {
    Page(ListText({JobText("a", "5")}, "7"));
    step_.TakeChanges();
    return Next();
  }
  WatchQuestion Refused(int status, const std::string& message = "",
                        absl::Duration retry_after = absl::ZeroDuration()) {
    step_.OnRefusal({status, message, retry_after});
    return Next();
  }
  WatchQuestion Ended(absl::Duration after,
                      const absl::Status& how = absl::OkStatus()) {
    now_ = now_ + after;
    step_.OnEnd(how, now_);
    return Next();
  }
  // What is kept of each object.
  std::map<std::string, std::string> Colors() const {
    std::map<std::string, std::string> colors;
    for (const auto& [key, object] : step_.store()) {
      colors[key] = std::any_cast<std::string>(object.value);
    }
    return colors;
  }

  Instant now_ = Instant(absl::Hours(1));
  double dice_ = 0.0;
  WatchStep step_{{.group_version = "batch/v1",
                   .resource = "jobs",
                   .object_namespace = "team",
                   .label_selector = "app=prepull,!done"},
                  [](JsonValue job) { return job["color"].StringOrEmpty(); },
                  [this] { return dice_; }};
};

}  // namespace prepull

#endif  // PREPULL_TEST_KUBE_WATCH_STEP_FIXTURE_H_
