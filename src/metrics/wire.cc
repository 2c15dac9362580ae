#include "src/metrics/wire.h"

#include <algorithm>
#include <limits>

#include "prepull/base/text.h"

namespace prepull {
namespace {

int64_t AsSigned(uint64_t number) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::min(number, kMax));
}

uint64_t AsUnsigned(int64_t number) {
  return static_cast<uint64_t>(std::max<int64_t>(number, 0));
}

}  // namespace

::Result ToMessage(const AttemptResult& result) {
  ::Result message;
  message.set_attempt_id(result.attempt_id);
  message.set_started_at(result.started_at);
  message.set_image(result.image);
  message.set_error(result.error);
  message.set_duration_ms(AsUnsigned(result.duration_ms));
  message.set_node(result.node);
  message.set_size_bytes(AsUnsigned(result.size_bytes));
  return message;
}

AttemptResult FromMessage(const ::Result& message) {
  return {.attempt_id = message.attempt_id(),
          .started_at = message.started_at(),
          .image = message.image(),
          .error = message.error(),
          .duration_ms = AsSigned(message.duration_ms()),
          .node = message.node(),
          .size_bytes = AsSigned(message.size_bytes())};
}

std::optional<AttemptResult> FromBytes(const grpc::ByteBuffer& bytes) {
  grpc::Slice whole;
  if (!bytes.Valid() || !bytes.DumpToSingleSlice(&whole).ok()) {
    return std::nullopt;
  }
  ::Result message;
  if (!message.ParseFromArray(whole.begin(), static_cast<int>(whole.size()))) {
    return std::nullopt;
  }
  AttemptResult result = FromMessage(message);
  const bool is_text = IsUtf8(result.attempt_id) && IsUtf8(result.image) &&
                       IsUtf8(result.error) && IsUtf8(result.node);
  if (!is_text) return std::nullopt;
  return result;
}

}  // namespace prepull
