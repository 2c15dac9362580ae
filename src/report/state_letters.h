// The states of all images of an ended run in few bytes: the fields st and st2
// of the machine line. Pure.
#ifndef PREPULL_SRC_REPORT_STATE_LETTERS_H_
#define PREPULL_SRC_REPORT_STATE_LETTERS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/run/run.h"

namespace prepull {

// Returns "8S40P2F", or "" if that is longer than `limit_bytes`.
std::string RunLengths(const std::vector<ImageState>& states,
                       size_t limit_bytes);

// The states that RunLengths has written. Nothing if `text` is malformed or
// has not exactly `total` images.
std::optional<std::vector<ImageState>> ParseRunLengths(absl::string_view text,
                                                       size_t total);

// Returns two bits an image, four images a byte.
std::string StateBits(const std::vector<ImageState>& states);

// The states that StateBits has packed; nothing if these are not exactly
// `total`.
std::optional<std::vector<ImageState>> ParseStateBits(absl::string_view bits,
                                                      size_t total);

}  // namespace prepull

#endif  // PREPULL_SRC_REPORT_STATE_LETTERS_H_
