// A Prepull's spec from any JSON: refused in words, or lists that Jobs can
// have, with allowed Secrets only.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "prepull/base/text.h"
#include "prepull/deploy/list_text.h"
#include "prepull/list/list_file.h"
#include "prepull/list/list_hash.h"
#include "prepull/list/unique_images.h"
#include "src/controller/node_group.h"
#include "src/controller/prepull_spec.h"
#include "test/support/require.h"

namespace prepull {
namespace {

const std::vector<std::string>& Allowed() {
  static const auto* const allowed =
      new std::vector<std::string>{"team", "db-team", "east"};
  return *allowed;
}

void CheckError(const absl::Status& error) {
  const std::string message(error.message());
  Require(absl::IsInvalidArgument(error), "an error is of the input");
  Require(!message.empty() && message.find('\n') == std::string::npos,
          "an error is one line");
}

void CheckSecretsOf(const std::vector<std::string>& secrets) {
  for (const std::string& each : secrets) {
    Require(
        std::find(Allowed().begin(), Allowed().end(), each) != Allowed().end(),
        "a Secret is allowed");
  }
}

void CheckGroup(const NodeGroup& group) {
  CheckSecretsOf(group.secrets);
  CheckSecretsOf(group.line_secrets);
  Require(group.text.size() <= kMaxList, "a list fits into a ConfigMap");
  const std::vector<ImageRequest> read = ParseListFile(group.text, "list");
  Require(read.size() == group.images.size(), "a line is an image");
  for (const ImageRequest& each : read) {
    Require(each.reference.ok(), "a line is well-formed");
  }
  Require(ListHash(read) == group.list_hash, "a list comes back");
}

void Try(absl::string_view text) {
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) return;
  const absl::StatusOr<PrepullSpec> spec = ParsePrepullSpec(document->root());
  if (!spec.ok()) return CheckError(spec.status());
  Require(spec->concurrency.Of(100) >= 1, "somebody pulls");
  Require(spec->timeout > absl::ZeroDuration(), "a node has time");
  absl::StatusOr<std::vector<ImageRequest>> requests = NamedImages(*spec);
  if (!requests.ok()) return CheckError(requests.status());
  TakeOptions(*spec, *requests);
  const std::string list = NormalisedList(UniqueImages(*std::move(requests)));
  const absl::StatusOr<std::vector<NodeGroup>> groups =
      GroupsOf(*spec, list, Allowed());
  if (!groups.ok()) return CheckError(groups.status());
  Require(groups->size() == spec->overrides.size() + 1, "one for each");
  for (const NodeGroup& group : *groups) CheckGroup(group);
  Require(GroupOfNode(*spec, {{"region", "east"}}) < groups->size(),
          "a node is in a group");
}

}  // namespace
}  // namespace prepull

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  prepull::Try({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
