// `prepull help TOPIC`: what one needs on a node without a network, two
// screens each.
#ifndef PREPULL_SRC_CLI_HELP_TOPICS_H_
#define PREPULL_SRC_CLI_HELP_TOPICS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace prepull {

struct HelpTopic {
  absl::string_view name;     // "exit-codes"
  absl::string_view summary;  // in the list of topics
  std::string (*text)();      // 48 lines of 80 columns at most
};

// In the order in which help lists them.
absl::Span<const HelpTopic> HelpTopics();

// The topic of that name; null if there is none.
const HelpTopic* FindTopic(absl::string_view name);

// A line for each exit code of a run, for the help of fetch.
std::vector<std::string> RunExitCodes();

// The texts that are not made from a table. What users give prepull:
std::string ListHelp();
std::string SourcesHelp();
std::string MirrorsHelp();
std::string SelectHelp();
std::string CredentialsHelp();
// What a run does and tells:
std::string StatusFileHelp();
std::string ResultsHelp();
std::string OutputHelp();
std::string DiskHelp();
std::string FailuresHelp();
std::string StallsHelp();
std::string TroubleshootingHelp();

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_HELP_TOPICS_H_
