// Any text either parses and normalises to itself, or is refused in a sentence
// that shows nothing of it.
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/text.h"
#include "prepull/image/reference.h"
#include "test/support/require.h"

namespace prepull {
namespace {

void RequirePartsFit(const Reference& reference) {
  Require(absl::StartsWith(reference.repository(),
                           absl::StrCat(reference.registry(), "/")),
          "the repository begins with its registry");
  Require(absl::EndsWith(reference.text(), reference.digest()),
          "the digest is the end of the text");
  Require(absl::StrContains(reference.text(), reference.tag()),
          "the tag is part of the text");
  Require(reference.tag().size() <= 128, "a tag has at most 128 characters");
  Require(
      Printable(reference.text(), reference.text().size()) == reference.text(),
      "a reference is printable");
}

void RequireIdempotence(const Reference& reference) {
  const std::string normalised = reference.Normalised();

  const absl::StatusOr<Reference> again = Reference::Parse(normalised);

  Require(again.ok(), "the normalised name parses");
  Require(again->Normalised() == normalised, "normalising twice is once");
  Require(again->registry() == reference.registry(), "the registry stays");
  Require(again->repository() == reference.repository(),
          "the repository stays");
}

void RequireASentence(const absl::Status& status) {
  const std::string sentence(status.message());
  Require(status.code() == absl::StatusCode::kInvalidArgument, "the code");
  Require(!sentence.empty() && sentence.size() < 128, "a short sentence");
  Require(Printable(sentence, 128) == sentence, "a printable sentence");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<prepull::Reference> reference =
      prepull::Reference::Parse(text);
  if (!reference.ok()) {
    prepull::RequireASentence(reference.status());
    return 0;
  }
  prepull::Require(reference->text() == text, "the text is kept");
  prepull::RequirePartsFit(*reference);
  prepull::RequireIdempotence(*reference);
  return 0;
}
