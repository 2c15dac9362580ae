#include "src/cli/priority_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// In the order of the kernel's numbers.
const std::vector<std::string>& IoClassNames() {
  static const auto* names =
      new std::vector<std::string>{"none", "realtime", "best-effort", "idle"};
  return *names;
}

absl::Status ParseIoClass(const std::string& text,
                          std::optional<IoClass>& io_class) {
  const std::vector<std::string>& names = IoClassNames();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(text, 64),
                     "\" is none of none, realtime, best-effort, idle"));
  }
  io_class = static_cast<IoClass>(found - names.begin());
  return absl::OkStatus();
}

}  // namespace

void AddPriorityFlags(Command& command, Priority& priority) {
  command.Integer({.name = "--nice",
                   .value = "N",
                   .text = "niceness of prepull itself, -20 to 19; the runtime "
                           "does the pulling, so --concurrency is the real "
                           "brake"},
                  -20, 19, priority.nice);
  command.Custom({.name = "--ionice-class",
                  .value = "CLASS",
                  .text = "I/O class of prepull itself: none, realtime, "
                          "best-effort or idle",
                  .choices = IoClassNames()},
                 [&priority](const std::string& text) {
                   return ParseIoClass(text, priority.io_class);
                 });
  command.Integer({.name = "--ionice-priority",
                   .value = "N",
                   .text = "level within realtime or best-effort, 0 (highest) "
                           "to 7"},
                  0, 7, priority.io_level);
}

}  // namespace prepull
