#include "prepull/list/list_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kAlways = "Always";
constexpr absl::string_view kIfNotPresent = "IfNotPresent";
constexpr absl::string_view kBlanks = " \t\r";
constexpr size_t kMaxListLine = 4096;
constexpr size_t kMaxShown = 256;
constexpr size_t kMaxQuoted = 128;

absl::string_view WithoutBlanks(absl::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == absl::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Removes a comment; `content` must not begin with a blank. A '#' within a word
// does not begin a comment.
absl::string_view WithoutComment(absl::string_view content) {
  size_t hash = content.find('#');
  while (hash != absl::string_view::npos &&
         !absl::StrContains(kBlanks, content[hash - 1])) {
    hash = content.find('#', hash + 1);
  }
  return WithoutBlanks(content.substr(0, hash));
}

// For reports, so a password in a URL that was pasted by mistake is removed.
std::string Shown(absl::string_view text, size_t limit_bytes) {
  return Printable(WithoutUrlSecrets(text), limit_bytes);
}

absl::Status CheckBytes(absl::string_view text, absl::string_view what) {
  if (text.size() > kMaxListLine) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": longer than ", kMaxListLine, " bytes"));
  }
  if (absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": contains a NUL byte"));
  }
  return absl::OkStatus();
}

ImageRequest Malformed(absl::string_view text, const std::string& origin,
                       const absl::Status& why) {
  return {.image = Shown(text, kMaxShown),
          .origin = origin,
          .reference = Annotate(why, origin)};
}

absl::Status WithQuote(absl::string_view text, const absl::Status& why) {
  return Annotate(why, absl::StrCat("\"", Shown(text, kMaxQuoted), "\""));
}

absl::Status ReadOption(absl::string_view word, ImageOptions& options) {
  const size_t equals = word.find('=');
  const absl::string_view key = word.substr(0, equals);
  const absl::string_view value =
      equals == absl::string_view::npos ? "" : word.substr(equals + 1);
  const bool is_true = value == "true";
  const bool is_always = value == kAlways;
  if (key == "secret" && IsPlainName(value)) {
    options.secret = std::string(value);
  } else if (key == "policy" && (is_always || value == kIfNotPresent)) {
    options.policy =
        is_always ? PullPolicy::kAlways : PullPolicy::kIfNotPresent;
  } else if (key == "pin" && (is_true || value == "false")) {
    options.pin = is_true;
  } else {
    return WithQuote(word, absl::InvalidArgumentError(
                               "invalid option: expected secret=NAME, "
                               "policy=Always|IfNotPresent or pin=true|false"));
  }
  return absl::OkStatus();
}

// Parses an image and its options.
ImageRequest ParseWords(absl::string_view words, const std::string& origin) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(words, absl::ByAnyChar(kBlanks), absl::SkipEmpty());
  ImageRequest request = ImageNamed(parts.front(), origin);
  for (size_t i = 1; i < parts.size() && request.reference.ok(); ++i) {
    const absl::Status read = ReadOption(parts[i], request.options);
    if (!read.ok()) return Malformed(words, origin, read);
  }
  return request;
}

// Parses a line without its line end; nothing if it is blank or a comment.
std::optional<ImageRequest> ParseLine(absl::string_view line,
                                      absl::string_view name, int number) {
  const absl::string_view content = WithoutBlanks(line);
  if (content.empty() || content.front() == '#') return std::nullopt;
  const std::string origin = absl::StrCat(name, ":", number);
  const absl::Status sound = CheckBytes(line, "line");
  if (!sound.ok()) return Malformed(content, origin, sound);
  return ParseWords(WithoutComment(content), origin);
}

}  // namespace

std::vector<ImageRequest> ParseListFile(absl::string_view text,
                                        absl::string_view name) {
  std::vector<ImageRequest> requests;
  text = WithoutByteOrderMark(text);
  for (int number = 1; !text.empty(); ++number) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    absl::string_view line = text.substr(0, line_end);
    absl::ConsumeSuffix(&line, "\r");
    std::optional<ImageRequest> request = ParseLine(line, name, number);
    if (request) requests.push_back(*std::move(request));
    text.remove_prefix(std::min(line_end + 1, text.size()));
  }
  return requests;
}

std::string OptionWords(const ImageOptions& options) {
  std::string words;
  if (!options.secret.empty()) {
    absl::StrAppend(&words, " secret=", options.secret);
  }
  if (options.policy.has_value()) {
    absl::StrAppend(
        &words, " policy=",
        *options.policy == PullPolicy::kAlways ? kAlways : kIfNotPresent);
  }
  if (options.pin) absl::StrAppend(&words, " pin=true");
  return words;
}

std::string ListLine(const ImageRequest& request) {
  return absl::StrCat(request.reference->text(), OptionWords(request.options));
}

ImageRequest ImageNamed(absl::string_view image, const std::string& origin) {
  const absl::Status sound = CheckBytes(image, "image reference");
  if (!sound.ok()) return Malformed(image, origin, sound);
  absl::StatusOr<Reference> reference = Reference::Parse(image);
  if (!reference.ok()) {
    return Malformed(image, origin, WithQuote(image, reference.status()));
  }
  return {.image = std::string(image),
          .origin = origin,
          .reference = std::move(reference)};
}

}  // namespace prepull
