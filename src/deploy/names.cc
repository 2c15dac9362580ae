#include "prepull/deploy/names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kMaxPath = 4096 - 1;  // PATH_MAX

absl::Status Invalid(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(text, 300), "\": ", what));
}

bool IsDnsLabel(absl::string_view text) {
  return text.size() <= kMaxLabelBytes && !absl::StrContains(text, '.') &&
         IsDnsSubdomain(text);
}

struct Suffix {
  absl::string_view text;
  double factor;
};

constexpr std::array<Suffix, 8> kSuffixes = {{{"Ki", 1024},
                                              {"Mi", 1024.0 * 1024},
                                              {"Gi", 1024.0 * 1024 * 1024},
                                              {"m", 1e-3},
                                              {"k", 1e3},
                                              {"M", 1e6},
                                              {"G", 1e9},
                                              {"", 1}}};

// Returns a quantity as a number: "10m" is 0.01, "16Mi" 16777216. Only those
// that make sense for CPU and memory: no exponents, at most 12 digits.
std::optional<double> ParseQuantity(absl::string_view text) {
  double factor = 1;
  for (const Suffix& suffix : kSuffixes) {
    if (!absl::ConsumeSuffix(&text, suffix.text)) continue;
    factor = suffix.factor;
    break;
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  const bool is_decimal =
      parts.size() <= 2 && text.size() <= 12 &&
      std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
        return !part.empty() &&
               std::all_of(part.begin(), part.end(), absl::ascii_isdigit);
      });
  double number = 0;
  if (!is_decimal || !absl::SimpleAtod(text, &number)) return std::nullopt;
  return number * factor;
}

// Kubernetes' own kinds that own others.
absl::string_view VersionOfKind(absl::string_view kind) {
  constexpr std::pair<absl::string_view, absl::string_view> kVersions[] = {
      {"ConfigMap", "v1"},
      {"Namespace", "v1"},
      {"Node", "v1"},
      {"Pod", "v1"},
      {"Secret", "v1"},
      {"Service", "v1"},
      {"ServiceAccount", "v1"},
      {"DaemonSet", "apps/v1"},
      {"Deployment", "apps/v1"},
      {"ReplicaSet", "apps/v1"},
      {"StatefulSet", "apps/v1"},
      {"CronJob", "batch/v1"},
      {"Job", "batch/v1"}};
  for (const auto& [known, version] : kVersions) {
    if (kind == known) return version;
  }
  return "";
}

// Parses "A=B", where B is any text and may be empty.
absl::StatusOr<Label> ParsePair(absl::string_view text,
                                absl::string_view form) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos) {
    return Invalid(text, absl::StrCat("expected ", form));
  }
  if (!IsUtf8(text)) return Invalid(text, "invalid UTF-8");
  return Label{std::string(text.substr(0, equals)),
               std::string(text.substr(equals + 1))};
}

absl::Status CheckPair(absl::string_view what, absl::string_view request,
                       absl::string_view limit) {
  if (request.empty() || limit.empty()) return absl::OkStatus();
  if (ParseQuantity(request).value_or(0) <= ParseQuantity(limit).value_or(0)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": request ", request, " exceeds the limit ", limit));
}

}  // namespace

absl::Status CheckDnsLabel(absl::string_view text) {
  if (IsDnsLabel(text)) return absl::OkStatus();
  return Invalid(text,
                 "expected a DNS-1123 label: up to 63 of a-z, 0-9 and -, "
                 "beginning and ending with a letter or digit");
}

absl::Status CheckDnsSubdomain(absl::string_view text) {
  if (IsDnsSubdomain(text)) return absl::OkStatus();
  return Invalid(text,
                 "expected a DNS-1123 subdomain: up to 253 of a-z, 0-9, - "
                 "and ., each part beginning and ending with a letter or "
                 "digit");
}

absl::Status CheckHostPath(absl::string_view text) {
  if (text.size() > kMaxPath) return Invalid(text, "too long");
  if (text.size() < 2 || text.front() != '/') {
    return Invalid(text, "expected an absolute path below /");
  }
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isgraph)) {
    return Invalid(text, "expected printable ASCII");
  }
  // Runtimes write mounts as HOST:CONTAINER.
  if (absl::StrContains(text, ':')) return Invalid(text, "contains a colon");
  for (absl::string_view part : absl::StrSplit(text.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return Invalid(text, "contains an empty part, . or ..");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Label> ParseLabel(absl::string_view text) {
  ASSIGN_OR_RETURN(Label label, ParsePair(text, "KEY=VALUE"));
  RETURN_IF_ERROR(CheckLabelKey(label.key));
  RETURN_IF_ERROR(CheckLabelValue(label.value));
  return label;
}

absl::StatusOr<Label> ParseAnnotation(absl::string_view text) {
  ASSIGN_OR_RETURN(Label annotation, ParsePair(text, "KEY=VALUE"));
  RETURN_IF_ERROR(CheckLabelKey(annotation.key));
  return annotation;
}

absl::StatusOr<Label> ParseVariable(absl::string_view text) {
  ASSIGN_OR_RETURN(Label variable, ParsePair(text, "NAME=VALUE"));
  const std::string& name = variable.key;
  const auto is_valid = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("-._", c);
  };
  if (!name.empty() && !absl::ascii_isdigit(name.front()) && name != "." &&
      !absl::StartsWith(name, "..") &&
      std::all_of(name.begin(), name.end(), is_valid)) {
    return variable;
  }
  return Invalid(text, "expected a name of letters, digits, - . _ before =");
}

absl::StatusOr<Owner> ParseOwner(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  // Kinds have capitals, and no Kubernetes object an empty part.
  const auto is_word = [](absl::string_view part) {
    return IsDnsSubdomain(absl::AsciiStrToLower(part));
  };
  if (parts.size() != 3 || !std::all_of(parts.begin(), parts.end(), is_word) ||
      !IsDnsSubdomain(parts[1])) {
    return Invalid(text, "expected KIND/NAME/UID");
  }
  Owner owner = {.name = std::string(parts[1]), .uid = std::string(parts[2])};
  const std::pair<absl::string_view, absl::string_view> kind_and_more =
      absl::StrSplit(parts[0], absl::MaxSplits('.', 1));
  owner.kind = std::string(kind_and_more.first);
  if (kind_and_more.second.empty()) {
    owner.api_version = std::string(VersionOfKind(owner.kind));
  } else {
    const std::pair<absl::string_view, absl::string_view> version_and_group =
        absl::StrSplit(kind_and_more.second, absl::MaxSplits('.', 1));
    owner.api_version = version_and_group.second.empty()
                            ? std::string(version_and_group.first)
                            : absl::StrCat(version_and_group.second, "/",
                                           version_and_group.first);
  }
  if (!owner.api_version.empty()) return owner;
  return Invalid(text,
                 "expected a kind with its version and group: "
                 "KIND.VERSION.GROUP/NAME/UID");
}

absl::Status CheckShare(absl::string_view text, int least) {
  absl::string_view number = text;
  const bool is_percent = absl::ConsumeSuffix(&number, "%");
  int value = 0;
  const bool is_number =
      !number.empty() &&
      std::all_of(number.begin(), number.end(), absl::ascii_isdigit) &&
      absl::SimpleAtoi(number, &value);
  if (is_number && value >= least && (!is_percent || value <= 100)) {
    return absl::OkStatus();
  }
  return Invalid(text, absl::StrCat("expected a number from ", least, ", or ",
                                    least, "% to 100%"));
}

absl::StatusOr<Toleration> ParseToleration(absl::string_view text) {
  Toleration toleration;
  if (text == "all") return toleration;
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos) {
    toleration.effect = std::string(text.substr(colon + 1));
    if (toleration.effect != "NoSchedule" &&
        toleration.effect != "PreferNoSchedule" &&
        toleration.effect != "NoExecute") {
      return Invalid(text,
                     "invalid effect: expected NoSchedule, PreferNoSchedule "
                     "or NoExecute after the colon");
    }
    text = text.substr(0, colon);
  }
  const size_t equals = text.find('=');
  toleration.key = std::string(text.substr(0, equals));
  RETURN_IF_ERROR(CheckLabelKey(toleration.key));
  if (equals != absl::string_view::npos) {
    toleration.value = std::string(text.substr(equals + 1));
    RETURN_IF_ERROR(CheckLabelValue(*toleration.value));
  }
  return toleration;
}

absl::Status ParseAmounts(absl::string_view text, Amounts& amounts) {
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const bool is_cpu = absl::ConsumePrefix(&part, "cpu=");
    if (!is_cpu && !absl::ConsumePrefix(&part, "memory=")) {
      return Invalid(text, "expected cpu=QUANTITY,memory=QUANTITY");
    }
    const bool is_none = part == "none";
    if (!is_none && ParseQuantity(part).value_or(0) <= 0) {
      return Invalid(part, "invalid quantity: expected e.g. 10m or 16Mi");
    }
    (is_cpu ? amounts.cpu : amounts.memory) = is_none ? "" : std::string(part);
  }
  return absl::OkStatus();
}

absl::Status CheckResources(const Amounts& requests, const Amounts& limits) {
  RETURN_IF_ERROR(CheckPair("cpu", requests.cpu, limits.cpu));
  return CheckPair("memory", requests.memory, limits.memory);
}

}  // namespace prepull
