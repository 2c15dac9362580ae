#include "src/controller/node_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/hash.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/deploy/list_text.h"
#include "prepull/list/list_file.h"
#include "prepull/list/list_hash.h"
#include "prepull/list/unique_images.h"
#include "src/controller/label_match.h"

namespace prepull {
namespace {

// Of a name without one.
constexpr absl::string_view kDefaultRegistry = "docker.io";

// The parts of an image's name; what is joined again need not be the text.
struct NameParts {
  std::string registry;
  std::string path;
  std::string suffix = "";  // ":tag" or "@digest", with its sign
};

NameParts PartsOf(const Reference& reference) {
  NameParts parts = {
      .registry = reference.registry(),
      .path = reference.repository().substr(reference.registry().size() + 1)};
  if (!reference.digest().empty()) {
    parts.suffix = absl::StrCat("@", reference.digest());
  } else if (!reference.tag().empty()) {
    parts.suffix = absl::StrCat(":", reference.tag());
  }
  return parts;
}

std::string Joined(const NameParts& parts) {
  // Left away, the beginning of the path could become the registry.
  const absl::string_view registry =
      parts.registry.empty() ? kDefaultRegistry : parts.registry;
  return absl::StrCat(registry, "/", parts.path, parts.suffix);
}

void ChangePart(const PartOverride& change, std::string& part) {
  if (change.op == "add") {
    part += change.value;
  } else {
    part = change.op == "remove" ? "" : change.value;
  }
}

// Behind it stands the tag or the digest, which its sign tells.
std::string WithSign(absl::string_view value) {
  if (value.empty() || value[0] == ':' || value[0] == '@') {
    return std::string(value);
  }
  const bool is_digest = value.find(':') != absl::string_view::npos;
  return absl::StrCat(is_digest ? "@" : ":", value);
}

void Change(const PartOverride& change, NameParts& parts) {
  if (change.component == "Registry") {
    ChangePart(change, parts.registry);
  } else if (change.component == "Repository") {
    ChangePart(change, parts.path);
  } else {
    ChangePart(change, parts.suffix);
    parts.suffix = WithSign(parts.suffix);
  }
}

void ChangeSecrets(const PartOverride& change,
                   std::vector<std::string>& secrets) {
  if (change.op == "replace") {
    secrets = {change.value};
  } else if (change.op == "add") {
    const bool is_there = std::find(secrets.begin(), secrets.end(),
                                    change.value) != secrets.end();
    if (!is_there) secrets.push_back(change.value);
  } else if (change.value.empty()) {
    secrets.clear();
  } else {
    std::erase(secrets, change.value);
  }
}

std::vector<std::string> ChangedSecrets(
    std::vector<std::string> secrets,
    const std::vector<PartOverride>& changes) {
  for (const PartOverride& change : changes) ChangeSecrets(change, secrets);
  return secrets;
}

std::string SelectorText(const LabelSelector& selector) {
  std::string text;
  for (const Label& each : selector.labels) {
    absl::StrAppend(&text, each.key, "=", each.value, "\n");
  }
  for (const LabelSelector::Expression& each : selector.expressions) {
    absl::StrAppend(&text, each.key, " ", each.op);
    for (const std::string& value : each.values) {
      absl::StrAppend(&text, " ", value);
    }
    text += "\n";
  }
  return text;
}

absl::Status CheckSecrets(const std::vector<std::string>& secrets,
                          const std::vector<std::string>& allowed) {
  for (const std::string& secret : secrets) {
    if (std::find(allowed.begin(), allowed.end(), secret) != allowed.end()) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("Secret \"", Printable(secret, 64),
                     "\": not among those that the controller allows "
                     "(--allowed-image-secrets)"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NodeGroup> MakeGroup(
    std::vector<ImageRequest> requests, std::vector<std::string> secrets,
    const std::vector<std::string>& allowed_secrets) {
  requests = UniqueImages(std::move(requests));
  NodeGroup group = {.list_hash = ListHash(requests),
                     .text = NormalisedList(requests),
                     .secrets = std::move(secrets)};
  std::set<std::string> line_secrets;
  for (const ImageRequest& request : requests) {
    RETURN_IF_ERROR(request.reference.status());
    group.images.push_back(request.reference->Normalised());
    if (!request.options.secret.empty()) {
      line_secrets.insert(request.options.secret);
    }
  }
  group.line_secrets.assign(line_secrets.begin(), line_secrets.end());
  RETURN_IF_ERROR(CheckSecrets(group.secrets, allowed_secrets));
  RETURN_IF_ERROR(CheckSecrets(group.line_secrets, allowed_secrets));
  RETURN_IF_ERROR(CheckListSize(group.text));
  return group;
}

absl::Status Override(const NodeOverride& change,
                      std::vector<ImageRequest>& requests) {
  for (ImageRequest& request : requests) {
    absl::StatusOr<Reference> changed =
        Overridden(*request.reference, change.images);
    RETURN_IF_ERROR(Annotate(changed.status(), request.image));
    request.reference = *std::move(changed);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ImageRequest>> NamedImages(const PrepullSpec& spec) {
  std::vector<ImageRequest> requests;
  for (size_t i = 0; i < spec.images.size(); ++i) {
    const std::string place = absl::StrCat("spec.images[", i, "]");
    const std::string& line = spec.images[i];
    if (line.find_first_of("\r\n") != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": more than one line"));
    }
    std::vector<ImageRequest> parsed = ParseListFile(line, place);
    for (ImageRequest& request : parsed) {
      request.origin = place;
      RETURN_IF_ERROR(Annotate(request.reference.status(), place));
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

void TakeOptions(const PrepullSpec& spec, std::vector<ImageRequest>& requests) {
  for (ImageRequest& request : requests) {
    if (spec.pull_policy == PullPolicy::kAlways && !request.options.policy) {
      request.options.policy = PullPolicy::kAlways;
    }
    request.options.pin = request.options.pin || spec.pin;
  }
}

absl::StatusOr<Reference> Overridden(const Reference& reference,
                                     const std::vector<PartOverride>& changes) {
  if (changes.empty()) return reference;
  NameParts parts = PartsOf(reference);
  for (const PartOverride& change : changes) Change(change, parts);
  const std::string name = Joined(parts);
  absl::StatusOr<Reference> result = Reference::Parse(name);
  if (result.ok()) return result;
  return Annotate(result.status(),
                  absl::StrCat("\"", Printable(name, 300), "\""));
}

absl::StatusOr<std::vector<NodeGroup>> GroupsOf(
    const PrepullSpec& spec, absl::string_view text,
    const std::vector<std::string>& allowed_secrets) {
  const std::vector<ImageRequest> requests = ParseListFile(text, "list");
  for (const ImageRequest& request : requests) {
    RETURN_IF_ERROR(request.reference.status());
  }
  std::vector<NodeGroup> groups;
  for (size_t i = 0; i < spec.overrides.size(); ++i) {
    const NodeOverride& change = spec.overrides[i];
    const std::string place = absl::StrCat("spec.overrides[", i, "]");
    std::vector<ImageRequest> changed = requests;
    RETURN_IF_ERROR(Annotate(Override(change, changed), place));
    absl::StatusOr<NodeGroup> group = MakeGroup(
        std::move(changed), ChangedSecrets(spec.image_secrets, change.secrets),
        allowed_secrets);
    RETURN_IF_ERROR(Annotate(group.status(), place));
    group->id = Sha256Hex(SelectorText(change.nodes)).substr(0, 8);
    groups.push_back(*std::move(group));
  }
  ASSIGN_OR_RETURN(NodeGroup others,
                   MakeGroup(requests, spec.image_secrets, allowed_secrets));
  groups.push_back(std::move(others));
  return groups;
}

size_t GroupOfNode(const PrepullSpec& spec, const LabelMap& labels) {
  size_t i = 0;
  while (i < spec.overrides.size() && !Fits(spec.overrides[i].nodes, labels)) {
    ++i;
  }
  return i;
}

}  // namespace prepull
