#include "src/cli/help_topics.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "prepull/run/exit_code.h"
#include "prepull/run/reason.h"
#include "src/cli/wrapped.h"

namespace prepull {
namespace {

constexpr size_t kReasonColumn = 23;
constexpr size_t kCodeColumn = 6;

int Number(const ExitCodeFacts& facts) { return static_cast<int>(facts.code); }

// "2 before 4 before 5 ...".
std::string Precedence() {
  std::vector<ExitCodeFacts> rows(ExitCodes().begin(), ExitCodes().end());
  std::erase_if(rows, [](const auto& row) { return row.precedence == 0; });
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return Precedes(a.code, b.code);
  });
  return absl::StrJoin(rows, " before ", [](std::string* out, const auto& row) {
    absl::StrAppend(out, Number(row));
  });
}

absl::string_view OrDash(absl::string_view text) {
  return text.empty() ? "-" : text;
}

// What others do after each code.
std::string Consequences() {
  std::string rows = absl::StrFormat("  %-6s%-14s%-9s%-9s%s\n", "code", "name",
                                     "Job", "systemd", "node label");
  for (const ExitCodeFacts& row : ExitCodes()) {
    absl::StrAppendFormat(&rows, "  %-6d%-14s%-9s%-9s%s\n", Number(row),
                          row.name, OrDash(JobActionName(row.job)),
                          row.can_restart ? "restart" : "-",
                          RunResultName(row.result));
  }
  return rows;
}

std::string ExitCodesHelp() {
  std::string help = "What 'prepull fetch' ends with:\n\n";
  for (const std::string& line : RunExitCodes()) {
    absl::StrAppend(&help, "  ", line, "\n");
  }
  absl::StrAppend(&help, "\nWhen several hold: ", Precedence(), ".\n\n");
  for (const ExitCodeFacts& row : ExitCodes()) {
    if (row.more.empty()) continue;
    absl::StrAppend(
        &help, Wrapped(absl::StrCat("  ", Number(row)), row.more, kCodeColumn));
  }
  absl::StrAppend(
      &help, "\n",
      Wrapped("",
              "What follows: the action of a Job of 'prepull manifest' "
              "(Count: another try, --backoff-limit times; FailJob: none), "
              "whether the "
              "systemd unit starts again, and the value of --node-label.",
              0),
      "\n", Consequences(), "\n",
      Wrapped("",
              "'prepull check' ends with 0 if every image is on the node "
              "and 1 if not, 'prepull preflight' with 0 if the node is fit "
              "and 5 if not, 'prepull status' with 0 if it could read the "
              "status file and, with --wait or --from-message, with the code "
              "of the run. 'prepull unpin' ends with 0 if nothing that was "
              "to be freed has a pin of prepull's, and with 1 if something "
              "has. 2, 4 and 70 mean the same for all commands.",
              0));
  return help;
}

std::string ReasonsHelp() {
  std::string help =
      "Why an image is not on the node (\"reason\" in the status file), "
      "whether "
      "it is\ntried again, and what to do:\n\n";
  for (const ReasonFacts& row : Reasons()) {
    absl::StrAppend(
        &help, Wrapped(absl::StrCat("  ", row.name),
                       absl::StrCat(row.meaning, ". Retried: ", row.retried,
                                    ". ", row.advice, "."),
                       kReasonColumn));
  }
  return help;
}

constexpr std::array kTopics = {
    HelpTopic{"exit-codes", "what a run ends with, and what follows",
              ExitCodesHelp},
    HelpTopic{"reasons", "why an image is not on the node, and what to do",
              ReasonsHelp},
    HelpTopic{"status-file", "the document of fetch --status-file",
              StatusFileHelp},
    HelpTopic{"results", "how results leave a node: message, ConfigMap, label",
              ResultsHelp},
    HelpTopic{"output", "what is printed where; the termination message",
              OutputHelp},
    HelpTopic{"list", "the lines of a list, and their options", ListHelp},
    HelpTopic{"sources", "lists from releases, catalogues and repositories",
              SourcesHelp},
    HelpTopic{"mirrors", "where sources are read: the node's own registries",
              MirrorsHelp},
    HelpTopic{"select", "the rules of --select", SelectHelp},
    HelpTopic{"credentials", "private registries, and plugins of the kubelet",
              CredentialsHelp},
    HelpTopic{"disk", "space before the pulls; pins against garbage collection",
              DiskHelp},
    HelpTopic{"failures", "what a run does when things go wrong", FailuresHelp},
    HelpTopic{"stalls", "slow or stuck, and what is seen of it", StallsHelp},
    HelpTopic{"troubleshooting", "messages, and what they mean",
              TroubleshootingHelp},
};

}  // namespace

absl::Span<const HelpTopic> HelpTopics() { return kTopics; }

const HelpTopic* FindTopic(absl::string_view name) {
  const auto* topic =
      std::find_if(kTopics.begin(), kTopics.end(),
                   [name](const HelpTopic& each) { return each.name == name; });
  return topic != kTopics.end() ? topic : nullptr;
}

std::vector<std::string> RunExitCodes() {
  std::vector<std::string> lines;
  for (const ExitCodeFacts& row : ExitCodes()) {
    lines.push_back(absl::StrFormat("%-3d%s", Number(row), row.meaning));
  }
  return lines;
}

}  // namespace prepull
