#include "test/support/kubernetes_api/control_pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/json_reader.h"

namespace prepull {
namespace {

using Words = std::vector<std::string>;

int IntegerOr(JsonValue value, int otherwise) {
  return static_cast<int>(value.integer().value_or(otherwise));
}

absl::Duration SecondsOr(JsonValue value, absl::Duration otherwise) {
  const std::optional<double> seconds = value.number();
  return seconds ? absl::Seconds(*seconds) : otherwise;
}

PodPlay ReadPlay(JsonValue play) {
  PodPlay read;
  read.starts_after = SecondsOr(play["starts_after"], read.starts_after);
  read.takes = SecondsOr(play["takes"], read.takes);
  read.exit_code = IntegerOr(play["exit_code"], 0);
  read.skipped = IntegerOr(play["skipped"], 0);
  read.message = play["message"].string();
  read.waiting = play["waiting"].StringOrEmpty();
  read.waiting_message = play["waiting_message"].StringOrEmpty();
  read.hangs = play["hangs"].boolean().value_or(false);
  read.is_deaf = play["is_deaf"].boolean().value_or(false);
  read.kills_node = play["kills_node"].boolean().value_or(false);
  for (const JsonValue failure : play["failures"].elements()) {
    const std::vector<JsonValue> parts = failure.elements();
    if (parts.size() < 2) continue;
    read.failures.push_back(
        {.image = static_cast<size_t>(IntegerOr(parts[0], 0)),
         .reason = parts[1].StringOrEmpty(),
         .message = parts.size() > 2 ? parts[2].StringOrEmpty() : ""});
  }
  return read;
}

}  // namespace

std::optional<HttpResponse> ControlPages::Answer(const HttpRequest& request) {
  absl::string_view path = request.url;
  const size_t origin = path.find("://");
  path.remove_prefix(path.find('/', origin == path.npos ? 0 : origin + 3));
  if (!absl::ConsumePrefix(&path, "/fake/")) return std::nullopt;
  const Words words = absl::StrSplit(path, '/');
  const bool is_done = request.method == "POST" && Do(words, request.body);
  return HttpResponse{.status = is_done ? 200 : 400,
                      .body = is_done ? "done\n" : "no such page\n"};
}

bool ControlPages::Do(const Words& words, const std::string& body) {
  const std::string& what = words.front();
  if (what == "nodes" && words.size() == 3) return DoNode(words[1], words[2]);
  if (what == "scripts") return SetScript(words, body);
  if (what == "watches" && words.size() == 2) {
    const KubernetesFault::Kind kind = FaultKindOf(words[1]);
    if (kind == KubernetesFault::Kind::kNone) return false;
    kubernetes_.DisturbWatches(kind);
    return true;
  }
  if (words.size() != 1) return false;
  if (what == "faults") return AddFault(body);
  if (what == "heal") {
    kubernetes_.Heal();
  } else if (what == "compact") {
    kubernetes_.Compact();
  } else if (what == "away" || what == "back") {
    kubernetes_.SetAway(what == "away");
  } else {
    return false;
  }
  return true;
}

bool ControlPages::DoNode(const std::string& name, const std::string& verb) {
  if (verb == "add") {
    cluster_.AddNode({.name = name});
  } else if (verb == "remove") {
    cluster_.RemoveNode(name);
  } else if (verb == "cordon" || verb == "uncordon") {
    cluster_.Cordon(name, verb == "cordon");
  } else if (verb == "stop-kubelet") {
    cluster_.StopKubelet(name);
  } else if (verb == "power-off") {
    cluster_.PowerOff(name);
  } else if (verb == "start") {
    cluster_.StartNode(name);
  } else {
    return false;
  }
  return true;
}

bool ControlPages::SetScript(const Words& words, const std::string& body) {
  const absl::StatusOr<JsonDocument> script = JsonDocument::Parse(body);
  if (!script.ok() || script->root().size() == 0 || words.size() > 2) {
    return false;
  }
  std::vector<PodPlay> plays;
  for (const JsonValue play : script->root().elements()) {
    plays.push_back(ReadPlay(play));
  }
  if (plays.empty()) return false;
  if (words.size() == 2) {
    cluster_.Script(words[1], std::move(plays));
  } else {
    cluster_.ScriptTheRest([plays](const PodTask& task) {
      return plays[std::min<size_t>(task.number, plays.size() - 1)];
    });
  }
  return true;
}

bool ControlPages::AddFault(const std::string& body) {
  const absl::StatusOr<JsonDocument> text = JsonDocument::ParseObject(body);
  if (!text.ok()) return false;
  KubernetesFault fault = {.kind = FaultKindOf((*text)["kind"].StringOrEmpty()),
                           .verb = (*text)["verb"].StringOrEmpty(),
                           .resource = (*text)["resource"].StringOrEmpty(),
                           .skip = IntegerOr((*text)["skip"], 0),
                           .times = IntegerOr((*text)["times"], 1)};
  fault.http_status = IntegerOr((*text)["http_status"], fault.http_status);
  fault.retry_after = SecondsOr((*text)["retry_after"], fault.retry_after);
  fault.delay = SecondsOr((*text)["delay"], fault.delay);
  fault.events = IntegerOr((*text)["events"], fault.events);
  if (fault.kind == KubernetesFault::Kind::kNone) return false;
  kubernetes_.Inject(std::move(fault));
  return true;
}

}  // namespace prepull
