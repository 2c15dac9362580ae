// Whether all of a list fits on the node's disk, told before its first byte.
#ifndef PREPULL_SRC_PULL_SPACE_CHECK_H_
#define PREPULL_SRC_PULL_SPACE_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>

namespace prepull {

struct ImageSpace {
  std::optional<int64_t> free_bytes = std::nullopt;  // unknown: no check
  // What the images of the node take up: the list may share as much with them.
  // 0 where it is known what it shares.
  int64_t stored_bytes = 0;
};

// Not thread-safe.
class SpaceCheck {
 public:
  explicit SpaceCheck(const ImageSpace& space) : space_(space) {}

  // Whether the list may fit. Checks once, as soon as it is known what it
  // needs: the layers to pull, as compressed, so about the least that they take
  // up. Logs a warning if they only fit as far as the node has some of them.
  bool Fits(std::optional<int64_t> needed_bytes);

  // Why the list does not fit, whatever the node has; empty = it may fit.
  const std::string& failure() const { return failure_; }

 private:
  const ImageSpace space_;
  bool is_done_ = false;
  std::string failure_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_PULL_SPACE_CHECK_H_
