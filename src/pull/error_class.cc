#include "src/pull/error_class.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/pull/error_words.h"

namespace prepull {
namespace {

constexpr absl::Duration kMaxRetryAfter = absl::Hours(24);

using Code = absl::StatusCode;

constexpr ErrorClass kBadCertificate = {Reason::kCertificateInvalid,
                                        Retry::kNever};
constexpr ErrorClass kBadReference = {Reason::kInvalidReference, Retry::kNever};
constexpr ErrorClass kDiskFull = {Reason::kNoSpace, Retry::kStopRun};
constexpr ErrorClass kDoesNotUnpack = {Reason::kNotUsable, Retry::kFewTimes};
constexpr ErrorClass kMissing = {Reason::kNotFound, Retry::kNever};
constexpr ErrorClass kNetwork = {Reason::kRegistryUnavailable,
                                 Retry::kWholeBudget};
// The name is right, but the answer is not what a registry serves. Not
// NotFound, which would make people look for a wrong tag.
constexpr ErrorClass kNoAnswerOfARegistry = {Reason::kRegistryUnavailable,
                                             Retry::kForAMinute};
constexpr ErrorClass kOurs = {Reason::kUnknown, Retry::kUncounted};
constexpr ErrorClass kRateLimit = {Reason::kRateLimited, Retry::kLater};
constexpr ErrorClass kRefused = {Reason::kUnauthorized, Retry::kNextCredential};
constexpr ErrorClass kRuntimeGone = {Reason::kRuntimeUnavailable,
                                     Retry::kAwaitRuntime};
constexpr ErrorClass kStalled = {Reason::kStalled, Retry::kWholeBudget};
constexpr ErrorClass kStoreLostIt = {Reason::kUnknown, Retry::kFewTimes};
constexpr ErrorClass kTimedOut = {Reason::kTimeout, Retry::kWholeBudget};
constexpr ErrorClass kUnusable = {Reason::kNotUsable, Retry::kNever};
// An answer that ended in order and was too short: a proxy's page. (What was
// cut is continued inside the pull.)
constexpr ErrorClass kShortAnswer = {.reason = Reason::kRegistryUnavailable,
                                     .retry = Retry::kWholeBudget,
                                     .bad_bytes = true};
constexpr ErrorClass kWrongContent = {.reason = Reason::kNotUsable,
                                      .retry = Retry::kForAMinute,
                                      .bad_bytes = true};
constexpr ErrorClass kWrongPlatform = {Reason::kPlatformMismatch,
                                       Retry::kNever};

struct Row {
  absl::string_view words;  // "" is in every text
  ErrorClass means;
  absl::string_view also = "";              // further words that must be there
  std::optional<Code> code = std::nullopt;  // the only one, if there is one
};

// First hit wins. The words are looked for in MatchableWords(): lower case,
// names and quotations blanked, HTTP statuses as "status=404", the media types
// of images and artifacts as "type=vnd".
constexpr Row kRows[] = {
    // Verifiers give reasons in words of their own, so their verdict is first.
    {"image verifier", kUnusable, "blocked pull of"},
    {"blocking pull of", {Reason::kUnknown, Retry::kWholeBudget}},

    // The registry answered; what follows are its words, also about a disk:
    // its own, not the node's.
    {"toomanyrequests", kRateLimit},
    {"too many requests", kRateLimit},
    {"status=429", kRateLimit},
    {"status=5", kNetwork},

    {"no space left on device", kDiskFull},
    {"disk quota exceeded", kDiskFull},
    {"read-only file system", kDiskFull},

    // Not the image's fault. A lock is another pull's download of the same
    // layer: this one got no further, which is what Stalled says.
    {"lease does not exist", kOurs},
    {"failed commit on ref", kOurs, "no such file or directory"},
    {" locked for ", {Reason::kStalled, Retry::kUncounted}},
    {"not initialized yet", {Reason::kRuntimeUnavailable, Retry::kUncounted}},

    // The runtime is gone. In the middle of a run `unknown service` means that
    // another process has the socket or that the CRI plugin did not come up;
    // a runtime without CRI was found out before the first pull. `Stream
    // removed` is gRPC's own word for a connection that ended, code UNKNOWN.
    // gRPC also says `Connection refused`, so these stand before the network.
    {"registryunavailable", kNetwork},
    {"", kRuntimeGone, "", Code::kUnavailable},
    {"unknown service", kRuntimeGone, "", Code::kUnimplemented},
    {"stream removed", kRuntimeGone},

    // An image that failed to unpack may be listed as present: a reason of its
    // own, so that it is not taken for usable, whatever follows. The words of
    // CRI-O, too, are about a layer that has arrived whole.
    {"failed to extract layer",
     {Reason::kNotUsable, Retry::kWholeBudget},
     "context canceled"},
    {"failed to extract layer", kDoesNotUnpack},
    {"adding layer with blob", kDoesNotUnpack},
    {"wrong diff id", kDoesNotUnpack},
    {"does not match config's diffid", kDoesNotUnpack},
    {"decrypting layer", kDoesNotUnpack},

    {"i/o timeout", kNetwork},
    {"handshake timeout", kNetwork},
    {"awaiting headers", kNetwork},
    {"connection refused", kNetwork},
    {"connection reset", kNetwork},
    {"connection timed out", kNetwork},
    {"no route to host", kNetwork},
    {"network is unreachable", kNetwork},
    {"no such host", kNetwork},
    {"server misbehaving", kNetwork},
    {"temporary failure in name resolution", kNetwork},
    {"failed to read expected number of bytes", kShortAnswer},
    {"short read: expected", kShortAnswer},
    {" unexpected eof", kNetwork},
    {": eof ", kNetwork},
    {"unexpected commit size", kShortAnswer},

    // Ended by the runtime, not by us.
    {"context canceled", kStalled},
    {"deadline exceeded", kTimedOut},

    // A certificate out of its time may be a node's clock that is not set yet.
    {"x509:",
     {Reason::kCertificateInvalid, Retry::kWholeBudget},
     "expired or is not yet valid"},
    {"x509:", kBadCertificate},
    {"first record does not look like", kBadCertificate},
    {"server gave http response", kBadCertificate},

    {"no match for platform", kWrongPlatform},
    {"no image found in", kWrongPlatform},
    {"no matching manifest for", kWrongPlatform},

    // A page with status 200 where the token server should have answered.
    {"failed to authorize", kNoAnswerOfARegistry,
     "looking for beginning of value"},

    // Credentials: refused, or not even readable.
    {"unauthorized", kRefused},
    {"authorization failed", kRefused},
    {"pull access denied", kRefused},
    {"authentication required", kRefused},
    {"access to the resource is denied", kRefused},
    {": denied: ", kRefused},
    {"forbidden", kRefused},
    {"status=401", kRefused},
    {"status=403", kRefused},
    {"no basic auth credentials", kRefused},
    {"invalid username/password", kRefused},
    {"failed to authorize", kRefused},
    {"parse server address", kRefused},
    {"illegal base64", kRefused},
    {"invalid decoded auth", kRefused},

    // Incomplete, or damaged on its way: a broken proxy, a captive portal, an
    // unfinished push.
    {"could not fetch content descriptor", kNoAnswerOfARegistry},
    {"fetching blob", kNoAnswerOfARegistry, "unknown"},
    {"fetching blob", kNoAnswerOfARegistry, "status=404"},
    {"blob unknown", kNoAnswerOfARegistry},
    {"does not match expected", kNoAnswerOfARegistry, "parsing image config"},
    {"unexpected commit digest", kWrongContent},
    {"failed size validation", kWrongContent},
    {"digest did not match", kWrongContent},

    // The runtime's own store has lost a piece to its garbage collector.
    {"parent snapshot", kStoreLostIt},
    {"content digest", kStoreLostIt},

    // There, but not an image that a node can run. Before NotFound: containerd
    // gives some of these that code.
    {"byte manifest", kUnusable},
    {"unexpected media type type=vnd", kUnusable},
    {"unexpected media type", kNoAnswerOfARegistry},
    {"no signatures", kDoesNotUnpack},  // schema 1
    {"no fslayers", kDoesNotUnpack},
    {"mismatched image rootfs", kUnusable},
    {"no longer supported", kUnusable},
    {"unsupported image-specific operation", kUnusable},
    {"signaturevalidationfailed", kUnusable},

    {"manifest unknown", kMissing},
    {"name unknown", kMissing},
    {"not known to registry", kMissing},
    {"status=404", kMissing},
    {"not found", kMissing, "", Code::kNotFound},

    // A page with status 200 where the registry should have answered.
    {"looking for beginning of value", kNoAnswerOfARegistry},
    {"unexpected end of json input", kNoAnswerOfARegistry},
    {"unsupported schema version", kNoAnswerOfARegistry},
    {"content size of zero", kNoAnswerOfARegistry},
    {" must be set", kNoAnswerOfARegistry, "", Code::kInvalidArgument},

    {"invalid reference format", kBadReference},
    {"short-name", kBadReference},
    {"returns ambiguous list", kBadReference},

    // The words said nothing; the code may.
    {"larger than max",
     {Reason::kUnknown, Retry::kNever},
     "",
     Code::kResourceExhausted},
    {"", kRefused, "", Code::kUnauthenticated},
    {"", kRefused, "", Code::kPermissionDenied},
    {"", kTimedOut, "", Code::kDeadlineExceeded},
    {"", kStalled, "", Code::kCancelled},
    {"", kStalled, "", Code::kAborted},
};

bool Matches(const Row& row, absl::string_view words, Code code) {
  return row.code.value_or(code) == code &&
         absl::StrContains(words, row.words) &&
         absl::StrContains(words, row.also);
}

// `text`'s "retry-after: " in Go's notation (ghcr.io: "880.092µs") or, as in
// HTTP, in seconds. Nothing if it is neither; never more than a day.
std::optional<absl::Duration> RetryAfter(absl::string_view text) {
  constexpr absl::string_view kLabel = "retry-after: ";
  constexpr size_t kMaxAmount = 40;
  const size_t label = text.find(kLabel);
  if (label == absl::string_view::npos) return std::nullopt;
  absl::string_view amount = text.substr(label + kLabel.size());
  amount = amount.substr(0, amount.find_first_of(" \t\r\n,;)}\"\\"));
  amount = amount.substr(0, amount.find_last_not_of('.') + 1);
  if (amount.empty() || amount.size() > kMaxAmount ||
      !absl::ascii_isdigit(amount[0])) {
    return std::nullopt;
  }
  double seconds;
  if (absl::SimpleAtod(amount, &seconds)) {
    return std::min(absl::Seconds(seconds), kMaxRetryAfter);
  }
  // Go writes U+00B5, others U+03BC; Abseil reads neither.
  const std::string ascii =
      absl::StrReplaceAll(amount, {{"\xC2\xB5s", "us"}, {"\xCE\xBCs", "us"}});
  absl::Duration duration;
  if (!absl::ParseDuration(ascii, &duration)) return std::nullopt;
  return std::min(duration, kMaxRetryAfter);
}

}  // namespace

ErrorClass Classify(const absl::Status& error) {
  assert(!error.ok());
  const std::string lower = absl::AsciiStrToLower(error.message());
  const absl::string_view text = DecisivePart(lower);
  const std::string words = MatchableWords(text);
  for (const Row& row : kRows) {
    if (!Matches(row, words, error.code())) continue;
    ErrorClass found = row.means;
    if (found.retry == Retry::kLater) found.retry_after = RetryAfter(text);
    return found;
  }
  return {.reason = Reason::kUnknown, .retry = Retry::kWholeBudget};
}

}  // namespace prepull
