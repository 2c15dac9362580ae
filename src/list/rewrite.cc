#include "prepull/list/rewrite.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// Whether `repository` begins with the whole segments of `from`.
bool IsPrefix(absl::string_view repository, absl::string_view from) {
  return absl::ConsumePrefix(&repository, from) &&
         (repository.empty() || repository.front() == '/');
}

// Returns tag and digest of a reference as they follow its repository.
std::string Suffix(const Reference& reference) {
  std::string tail;
  if (!reference.tag().empty()) absl::StrAppend(&tail, ":", reference.tag());
  if (!reference.digest().empty()) {
    absl::StrAppend(&tail, "@", reference.digest());
  }
  return tail;
}

absl::Status InvalidRule(const std::string& rule, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(WithoutUrlSecrets(rule), 256), "\": ", why));
}

}  // namespace

absl::StatusOr<Rewrites> Rewrites::Parse(
    const std::vector<std::string>& rules) {
  Rewrites rewrites;
  for (const std::string& text : rules) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return InvalidRule(text, "expected FROM=TO");
    }
    const absl::string_view from =
        absl::StripSuffix(absl::string_view(text).substr(0, equals), "/");
    const absl::string_view to =
        absl::StripSuffix(absl::string_view(text).substr(equals + 1), "/");
    if (from.empty() || to.empty()) {
      return InvalidRule(text, "one side is empty: expected FROM=TO");
    }
    if (!Reference::Parse(absl::StrCat(to, "/x")).ok()) {
      return InvalidRule(text, "TO is not a repository");
    }
    rewrites.rules_.push_back({text, std::string(from), std::string(to)});
  }
  std::stable_sort(rewrites.rules_.begin(), rewrites.rules_.end(),
                   [](const Rule& a, const Rule& b) {
                     return a.from.size() > b.from.size();
                   });
  return rewrites;
}

void Rewrites::Apply(std::vector<ImageRequest>& requests) {
  if (rules_.empty()) return;
  for (ImageRequest& request : requests) {
    if (request.reference.ok()) Rewrite(request);
  }
}

void Rewrites::Rewrite(ImageRequest& request) {
  const Reference& reference = *request.reference;
  const auto rule =
      std::find_if(rules_.begin(), rules_.end(), [&](const Rule& each) {
        return IsPrefix(reference.repository(), each.from);
      });
  if (rule == rules_.end()) return;
  rule->is_used = true;
  absl::StatusOr<Reference> rewritten = Reference::Parse(
      absl::StrCat(rule->to, reference.repository().substr(rule->from.size()),
                   Suffix(reference)));
  if (rewritten.ok()) {
    request.reference = std::move(rewritten);
  } else {
    request.reference =
        Annotate(rewritten.status(),
                 absl::StrCat(request.origin, ": --rewrite ",
                              Printable(WithoutUrlSecrets(rule->text), 256)));
  }
}

std::vector<std::string> Rewrites::Unused() const {
  std::vector<std::string> unused;
  for (const Rule& rule : rules_) {
    if (!rule.is_used) unused.push_back(rule.text);
  }
  return unused;
}

}  // namespace prepull
