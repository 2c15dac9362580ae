#include "src/cli/passed_flags.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/cli/fetch_options.h"

namespace prepull {
namespace {

absl::Status Refusal(absl::string_view word, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(word, 128), "\" ", why));
}

// What manifest's "Output" group says is about the logs of manifest.
bool IsDecidedBy(const Command& manifest, const FlagDoc& flag) {
  const std::vector<FlagDoc>& flags = manifest.flags();
  return std::any_of(flags.begin(), flags.end(), [&](const FlagDoc& each) {
    return each.name == flag.name && each.group != "Output";
  });
}

absl::Status CheckFlag(const FlagDoc& flag, const Command& manifest,
                       bool sees_disk) {
  if (IsDecidedBy(manifest, flag)) {
    return Refusal(flag.name, "is a flag of manifest too: give it before --");
  }
  if (flag.is_path) {
    return Refusal(flag.name,
                   "names a file that the pod has not: manifest mounts the "
                   "list, --secret, --status-dir and --storage-dir");
  }
  const bool looks_at_disk =
      flag.name == "--space-required" || flag.name == "--gc-high-threshold";
  if (looks_at_disk && !sees_disk) {
    return Refusal(flag.name,
                   "is about the disk of the images: name their folder with "
                   "--storage-dir before --");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPassedFlags(const std::vector<std::string>& words,
                              const Command& manifest, bool sees_disk) {
  for (const std::string& word : words) {
    if (!IsUtf8(word)) return Refusal(word, "is not UTF-8");
  }
  FetchOptions options;
  Command fetch{CommandDoc()};
  AddFetchFlags(fetch, options);
  RETURN_IF_ERROR(fetch.ParseWords(words));
  if (fetch.wants_help()) return Refusal("--help", "is of no use in a pod");
  if (!options.images.words.empty()) {
    return Refusal(options.images.words[0],
                   "is no flag of fetch; images belong on the list");
  }
  for (const FlagDoc& flag : fetch.GivenFlags()) {
    RETURN_IF_ERROR(CheckFlag(flag, manifest, sees_disk));
  }
  return absl::OkStatus();
}

}  // namespace prepull
