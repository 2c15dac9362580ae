// When containers/image continues a blob whose connection broke. Pure.
//
// Source: https://github.com/containers/image, docker/body_reader.go
#ifndef PREPULL_TEST_SUPPORT_CRIO_RESUME_RULE_H_
#define PREPULL_TEST_SUPPORT_CRIO_RESUME_RULE_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "prepull/base/clock.h"

namespace prepull {

class ResumeRule {
 public:
  static constexpr int64_t kEnoughBytes = 1 << 20;
  static constexpr absl::Duration kEnoughTime = absl::Seconds(60);
  // Before it asks for the rest.
  static constexpr absl::Duration kPause = absl::Seconds(1);

  // Whether a body that broke off at `offset` is continued: the first time,
  // and then if enough came, or enough time passed, since the last time.
  bool Allows(int64_t offset, Instant now) const {
    return !last_ || offset - last_->offset >= kEnoughBytes ||
           now - last_->at >= kEnoughTime;
  }

  void Continued(int64_t offset, Instant now) { last_ = {offset, now}; }

 private:
  struct Resume {
    int64_t offset;
    Instant at;
  };

  std::optional<Resume> last_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_RESUME_RULE_H_
