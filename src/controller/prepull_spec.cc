#include "src/controller/prepull_spec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/hash.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

constexpr int64_t kMaxNodesAtOnce = 100'000;
constexpr int64_t kMaxTimeoutSeconds = 604'800;  // a week
constexpr int64_t kMaxRetryTimes = 20;

absl::Status Wrong(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("spec.", field, ": ", why));
}

using Choices = std::vector<absl::string_view>;

// Reads fields of the spec; the first that is wrong becomes the error.
class SpecReader {
 public:
  // `place` is before each field's name in messages: "sources[1]."
  explicit SpecReader(JsonValue object, std::string place = "")
      : object_(object), place_(std::move(place)) {}

  std::string Text(absl::string_view key) {
    const JsonValue value = object_[key];
    if (!value.is_unset() && !value.is_string()) Fail(key, "expected a text");
    return value.StringOrEmpty();
  }

  std::vector<std::string> Texts(absl::string_view key) {
    std::vector<std::string> texts;
    for (const JsonValue each : Items(key)) {
      if (!each.is_string()) Fail(key, "expected texts");
      texts.push_back(each.StringOrEmpty());
    }
    return texts;
  }

  std::vector<JsonValue> Items(absl::string_view key) {
    const JsonValue value = object_[key];
    if (!value.is_unset() && !value.is_array()) Fail(key, "expected a list");
    return value.elements();
  }

  bool Bool(absl::string_view key, bool fallback) {
    const JsonValue value = object_[key];
    if (value.is_unset()) return fallback;
    if (!value.boolean()) Fail(key, "expected true or false");
    return value.boolean().value_or(fallback);
  }

  int64_t Number(absl::string_view key, int64_t fallback, int64_t least,
                 int64_t most) {
    const JsonValue value = object_[key];
    if (value.is_unset()) return fallback;
    const int64_t number = value.integer().value_or(least - 1);
    if (number < least || number > most) {
      Fail(key, absl::StrCat("expected a number from ", least, " to ", most));
      return fallback;
    }
    return number;
  }

  // One of `words`, the first of which is the default.
  std::string Word(absl::string_view key, const Choices& words) {
    std::string word = Text(key);
    if (word.empty()) return std::string(words.front());
    CheckWord(key, word, words);
    return word;
  }

  void CheckWord(absl::string_view key, const std::string& word,
                 const Choices& words) {
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      Fail(key, absl::StrCat("unknown word \"", Printable(word, 64), "\""));
    }
  }

  JsonValue operator[](absl::string_view key) const { return object_[key]; }

  // Reads the object `key`, or each of the objects in the list `key`; the first
  // that is wrong in them is wrong in this one.
  template <typename Read>
  auto Object(absl::string_view key, Read read) {
    const JsonValue value = object_[key];
    if (!value.is_unset() && !value.is_object())
      Fail(key, "expected an object");
    SpecReader reader(value, absl::StrCat(place_, key, "."));
    auto result = read(reader);
    Take(reader.status());
    return result;
  }
  template <typename Read>
  auto Objects(absl::string_view key, Read read) {
    std::vector<decltype(read(*this))> results;
    for (const JsonValue each : Items(key)) {
      SpecReader reader(each,
                        absl::StrCat(place_, key, "[", results.size(), "]."));
      results.push_back(read(reader));
      Take(reader.status());
    }
    return results;
  }

  void Fail(absl::string_view key, absl::string_view why) {
    if (status_.ok()) status_ = Wrong(absl::StrCat(place_, key), why);
  }
  const absl::Status& status() const { return status_; }

 private:
  void Take(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }

  const JsonValue object_;
  const std::string place_;
  absl::Status status_;
};

LabelSelector ReadSelector(SpecReader& reader) {
  LabelSelector selector;
  const JsonValue labels = reader["matchLabels"];
  bool are_texts = labels.is_unset() || labels.is_object();
  for (const auto& [key, value] : labels.members()) {
    are_texts = are_texts && value.is_string();
    selector.labels.push_back({std::string(key), value.StringOrEmpty()});
  }
  if (!are_texts) {
    reader.Fail("matchLabels", "expected texts by their keys");
  }
  selector.expressions =
      reader.Objects("matchExpressions", [](SpecReader& item) {
        return LabelSelector::Expression{.key = item.Text("key"),
                                         .op = item.Text("operator"),
                                         .values = item.Texts("values")};
      });
  return selector;
}

SourceSpec ReadSource(SpecReader& reader) {
  SourceSpec source = reader.Object("catalog", [](SpecReader& catalog) {
    return SourceSpec{.catalog = catalog.Text("image"),
                      .packages = catalog.Texts("packages"),
                      .versions = catalog.Text("versions")};
  });
  source.select = reader.Text("select");
  source.release = reader.Text("release");
  source.excludes = reader.Texts("exclude");
  source.precache_spec = reader.Text("precacheSpec");
  const int kinds = !source.select.empty() + !source.release.empty() +
                    !source.catalog.empty() + !source.precache_spec.empty();
  if (kinds != 1) {
    reader.Fail("select",
                "expected one of select, release, catalog and precacheSpec");
  }
  return source;
}

std::vector<PartOverride> ReadParts(SpecReader& reader, absl::string_view key,
                                    const Choices& components) {
  return reader.Objects(key, [&components](SpecReader& part) {
    PartOverride change = {
        .component = part.Word("component", components),
        .op = part.Word("operator", {"replace", "add", "remove"}),
        .value = part.Text("value")};
    if (change.op != "remove" && change.value.empty()) {
      part.Fail("value", "missing");
    }
    return change;
  });
}

NodeOverride ReadOverride(SpecReader& reader) {
  // Without it the override would be for all nodes.
  if (reader["labelSelector"].is_unset()) {
    reader.Fail("labelSelector", "expected an object");
  }
  return {
      .nodes = reader.Object("labelSelector", ReadSelector),
      .images = ReadParts(reader, "images", {"Registry", "Repository", "Tag"}),
      .secrets = ReadParts(reader, "secrets", {"SecretName"})};
}

double ReadTolerance(SpecReader& reader) {
  const std::string text = reader.Text("failureTolerate");
  double share = PrepullSpec().failure_tolerate;
  if (text.empty()) return share;
  if (!absl::SimpleAtod(text, &share) || !(share >= 0 && share <= 1)) {
    reader.Fail("failureTolerate", "expected a share from 0 to 1, as \"0.1\"");
  }
  return share;
}

absl::Duration ReadInterval(SpecReader& reader) {
  const std::string text = reader.Text("refreshInterval");
  if (text.empty()) return absl::ZeroDuration();
  const absl::StatusOr<absl::Duration> interval = ParseDuration(text);
  if (!interval.ok()) {
    reader.Fail("refreshInterval", interval.status().message());
    return absl::ZeroDuration();
  }
  if (*interval > absl::ZeroDuration() && *interval < absl::Minutes(1)) {
    reader.Fail("refreshInterval", "expected 0 or at least 1m");
  }
  return *interval;
}

std::vector<Share> ReadWaves(SpecReader& reader) {
  std::vector<Share> waves;
  for (const JsonValue each : reader.Items("waves")) {
    const std::optional<Share> share = ParseShare(each);
    if (!share) {
      reader.Fail(absl::StrCat("waves[", waves.size(), "]"),
                  "expected a number from 1, or a share as \"10%\"");
      break;
    }
    waves.push_back(*share);
  }
  return waves;
}

std::string InputsHash(const PrepullSpec& spec) {
  JsonWriter json;
  json.OpenArray();
  const auto add = [&json](const std::vector<std::string>& texts) {
    json.OpenArray();
    for (const std::string& text : texts) json.String("", text);
    json.CloseArray();
  };
  add(spec.images);
  for (const SourceSpec& each : spec.sources) {
    add({each.select, each.release, each.catalog, each.versions,
         each.precache_spec});
    add(each.excludes);
    add(each.packages);
  }
  json.Bool("", spec.pin);
  json.Bool("", spec.pull_policy == PullPolicy::kAlways);
  return Sha256Hex(json.CloseArray().text()).substr(0, 16);
}

void ReadNodes(SpecReader& reader, PrepullSpec& spec) {
  spec.node_names = reader.Texts("nodeNames");
  if (!reader["labelSelector"].is_unset()) {
    spec.nodes = reader.Object("labelSelector", ReadSelector);
  }
  spec.includes_cordoned = reader.Bool("includeCordoned", true);
  spec.overrides = reader.Objects("overrides", ReadOverride);
}

void ReadImages(SpecReader& reader, PrepullSpec& spec) {
  spec.images = reader.Texts("images");
  spec.sources = reader.Objects("sources", ReadSource);
  spec.refresh_interval = ReadInterval(reader);
  if (spec.images.empty() && spec.sources.empty()) {
    reader.Fail("images", "there are neither images nor sources");
  }
}

void ReadPace(SpecReader& reader, PrepullSpec& spec) {
  if (const JsonValue value = reader["concurrency"]; !value.is_unset()) {
    const std::optional<Share> share = ParseShare(value);
    if (!share) {
      reader.Fail("concurrency",
                  "expected a number from 1, or a share as \"10%\"");
    }
    spec.concurrency = share.value_or(spec.concurrency);
  }
  spec.waves = ReadWaves(reader);
  spec.failure_tolerate = ReadTolerance(reader);
  spec.timeout = absl::Seconds(
      reader.Number("timeoutSeconds", 1800, 1, kMaxTimeoutSeconds));
  spec.retry_times = reader.Number("retryTimes", 2, 0, kMaxRetryTimes);
  spec.is_suspended = reader.Bool("suspend", false);
  if (!reader["ttlSecondsAfterFinished"].is_unset()) {
    spec.kept_for = absl::Seconds(
        reader.Number("ttlSecondsAfterFinished", 0, 0, INT32_MAX));
  }
}

}  // namespace

int64_t Share::Of(int64_t all) const {
  if (!is_percent) return number;
  return (all * number + 99) / 100;
}

std::optional<Share> ParseShare(JsonValue value) {
  if (const std::optional<int64_t> number = value.integer()) {
    if (*number < 1 || *number > kMaxNodesAtOnce) return std::nullopt;
    return Share{.number = *number};
  }
  const std::optional<std::string> text = value.string();
  if (!text) return std::nullopt;
  absl::string_view digits = *text;
  Share share = {.is_percent = absl::ConsumeSuffix(&digits, "%")};
  if (!absl::SimpleAtoi(digits, &share.number)) return std::nullopt;
  const int64_t most = share.is_percent ? 100 : kMaxNodesAtOnce;
  if (share.number < 1 || share.number > most) return std::nullopt;
  return share;
}

absl::StatusOr<PrepullSpec> ParsePrepullSpec(JsonValue value) {
  SpecReader reader(value);
  PrepullSpec spec;
  ReadImages(reader, spec);
  ReadNodes(reader, spec);
  ReadPace(reader, spec);
  if (reader.Word("mode", {"Once", "Check"}) == "Check") {
    spec.task = NodeTask::kCheck;
  }
  if (reader.Word("imagePullPolicy", {"IfNotPresent", "Always"}) == "Always") {
    spec.pull_policy = PullPolicy::kAlways;
  }
  spec.check_items = reader.Texts("checkItems");
  for (const std::string& item : spec.check_items) {
    reader.CheckWord("checkItems", item, {"disk", "cpu", "mem"});
  }
  spec.space_required = reader.Text("spaceRequired");
  if (!spec.space_required.empty()) {
    const absl::Status size = ParseBytes(spec.space_required).status();
    if (!size.ok()) reader.Fail("spaceRequired", size.message());
  }
  spec.image_secrets = reader.Texts("imageSecrets");
  spec.pin = reader.Bool("pin", false);
  spec.priority_class = reader.Text("priorityClassName");
  RETURN_IF_ERROR(reader.status());
  spec.inputs_hash = InputsHash(spec);
  return spec;
}

}  // namespace prepull
