// Bytes that are streamed, never held as a whole.
#ifndef PREPULL_REGISTRY_BYTE_STREAM_H_
#define PREPULL_REGISTRY_BYTE_STREAM_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace prepull {

// Receives the next piece. An error ends the stream, and the source returns it.
using ByteSink = absl::FunctionRef<absl::Status(absl::string_view)>;

}  // namespace prepull

#endif  // PREPULL_REGISTRY_BYTE_STREAM_H_
