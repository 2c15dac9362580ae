// image-prefetcher's message and ours.
#ifndef PREPULL_SRC_METRICS_WIRE_H_
#define PREPULL_SRC_METRICS_WIRE_H_

#include <grpcpp/support/byte_buffer.h>

#include <optional>

#include "image_prefetcher/metrics.pb.h"
#include "prepull/metrics/attempt_result.h"

namespace prepull {

::Result ToMessage(const AttemptResult& result);
AttemptResult FromMessage(const ::Result& message);

// Nothing if it is no message, or has text that is not UTF-8.
std::optional<AttemptResult> FromBytes(const grpc::ByteBuffer& bytes);

}  // namespace prepull

#endif  // PREPULL_SRC_METRICS_WIRE_H_
