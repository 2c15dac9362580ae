#include "src/pull/error_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

namespace prepull {
namespace {

// Where the string literal (as of Go's %q) that begins at `begin` ends.
size_t ClosingQuote(absl::string_view line, size_t begin) {
  for (size_t i = begin; i < line.size(); ++i) {
    if (line[i] == '"') return i;
    if (line[i] == '\\') ++i;
  }
  return absl::string_view::npos;
}

// `text` with _ for each quoted string. A quote that does not end on its line
// hides nothing: the text may have been cut, or be a person's.
std::string WithoutQuotations(absl::string_view text) {
  std::string plain;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    while (true) {
      const size_t open = line.find('"');
      if (open == absl::string_view::npos) break;
      const size_t close = ClosingQuote(line, open + 1);
      if (close == absl::string_view::npos) break;
      absl::StrAppend(&plain, line.substr(0, open), "_");
      line.remove_prefix(close + 1);
    }
    absl::StrAppend(&plain, line, "\n");
  }
  return plain;
}

// Whether `word` is a reference, URL, path, host, address, digest or the like:
// a name that was chosen, which says nothing about the error.
bool IsName(absl::string_view word) {
  if (word == "i/o" || word == "username/password") return false;
  return word.find_first_of("/:.") != absl::string_view::npos;
}

bool EndsWithAny(absl::string_view text,
                 absl::Span<const absl::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [text](absl::string_view ending) {
                       return absl::EndsWith(text, ending);
                     });
}

// Whether the word after `before` is a name even if it does not look like one:
// a tag, a host of one label, a short image name.
bool NamesTheNextWord(absl::string_view before) {
  constexpr absl::string_view kEndings[] = {
      " reading manifest ", " [manifests ",  " container registry ",
      " docker registry ",  " from host ",   " lookup ",
      " image name ",       " snapshotter ", " image verifier ",
  };
  return EndsWithAny(before, kEndings);
}

// Whether `word` after `before` is an HTTP status: `status: 403`, `url: 429`,
// `StatusCode: 403,`, `status code 429:`, `parsing HTTP 403 response`. Three
// digits may also be a size, a count or a tag.
bool IsHttpStatus(absl::string_view word, absl::string_view before) {
  constexpr absl::string_view kEndings[] = {": ", " code ", " http ",
                                            " from registry "};
  return word.size() == 3 &&
         std::all_of(word.begin(), word.end(), absl::ascii_isdigit) &&
         !absl::EndsWith(before, "retry-after: ") &&
         EndsWithAny(before, kEndings);
}

}  // namespace

absl::string_view DecisivePart(absl::string_view text) {
  constexpr absl::string_view kImage = "pull image err: ";
  constexpr absl::string_view kArtifact = "; artifact err: ";
  constexpr absl::string_view kMirrors = "(mirrors also failed: ";
  constexpr absl::string_view kMirrorsEnd = "]): ";
  const size_t image = text.find(kImage);
  if (image != absl::string_view::npos) {
    text.remove_prefix(image + kImage.size());
    text = text.substr(0, text.find(kArtifact));
  }
  const size_t mirrors = text.find(kMirrors);
  const size_t mirrors_end = text.rfind(kMirrorsEnd);
  if (mirrors == absl::string_view::npos ||
      mirrors_end == absl::string_view::npos || mirrors_end < mirrors) {
    return text;
  }
  return text.substr(mirrors_end + kMirrorsEnd.size());
}

std::string MatchableWords(absl::string_view text) {
  const std::string plain = WithoutQuotations(text);
  std::string words = " ";
  for (absl::string_view raw : absl::StrSplit(
           plain, absl::ByAnyChar(" \t\r\n\v\f"), absl::SkipEmpty())) {
    const absl::string_view word =
        raw.substr(0, raw.find_last_not_of(":,;.)]}'\"") + 1);
    const absl::string_view punctuation = raw.substr(word.size());
    if (IsHttpStatus(word, words)) {
      absl::StrAppend(&words, "status=", word, punctuation, " ");
    } else if (absl::StartsWith(word, "application/vnd.")) {
      absl::StrAppend(&words, "type=vnd", punctuation, " ");
    } else if (IsName(word) || NamesTheNextWord(words)) {
      absl::StrAppend(&words, "_", punctuation, " ");
    } else {
      absl::StrAppend(&words, raw, " ");
    }
  }
  return words;
}

}  // namespace prepull
