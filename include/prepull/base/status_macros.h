// Early return for absl::Status and absl::StatusOr, and Annotate, which
// prefixes an error with what was being done.
#ifndef PREPULL_BASE_STATUS_MACROS_H_
#define PREPULL_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Returns `error` with `message` in place of its own.
inline absl::Status WithMessage(const absl::Status& error,
                                absl::string_view message) {
  absl::Status changed(error.code(), message);
  error.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    changed.SetPayload(type, payload);
  });
  return changed;
}

// Returns an error with "`what`: " before its message; OK stays OK.
inline absl::Status Annotate(const absl::Status& status,
                             absl::string_view what) {
  if (status.ok()) return status;
  return WithMessage(status, absl::StrCat(what, ": ", status.message()));
}

}  // namespace prepull

#define RETURN_IF_ERROR(expression)                    \
  if (absl::Status status_macro_result = (expression); \
      !status_macro_result.ok())                       \
  return status_macro_result

#define PREPULL_CONCAT_INNER(a, b) a##b
#define PREPULL_CONCAT(a, b) PREPULL_CONCAT_INNER(a, b)

#define ASSIGN_OR_RETURN(declaration, expression)                             \
  PREPULL_ASSIGN_OR_RETURN(PREPULL_CONCAT(status_or_, __LINE__), declaration, \
                           expression)

#define PREPULL_ASSIGN_OR_RETURN(result, declaration, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return std::move(result).status();            \
  declaration = *std::move(result)

#endif  // PREPULL_BASE_STATUS_MACROS_H_
