#include "src/cli/exit_codes.h"

#include "absl/strings/str_cat.h"

namespace prepull {

const std::vector<std::string>& RunExitCodes() {
  static const auto* codes = new std::vector<std::string>{
      "0  every image is on the node, or the failures are tolerated",
      "1  some image failed for good",
      "2  bad flags, unreadable or empty list: nothing was pulled",
      "3  stopped by the deadline or a signal: can be continued",
      "4  the runtime cannot be reached",
      "5  the node is not fit (disk)",
      "70 internal error: a bug in prepull, never an image's failure",
  };
  return *codes;
}

std::string ExitCodesHelp() {
  std::string help = "What 'prepull fetch' ends with:\n\n";
  for (const std::string& code : RunExitCodes()) {
    absl::StrAppend(&help, "  ", code, "\n");
  }
  absl::StrAppend(
      &help,
      "\nWhen several hold: 2 before 4 before 5 before 3 before 1.\n"
      "\n"
      "  3 means: run it again. What is on the node is skipped, the rest is\n"
      "    pulled. An image that was still being tried at the deadline counts\n"
      "    as stopped, with its last failure as the reason, not as failed.\n"
      "    It is also the end of a run whose sources could not be read because "
      "a\n"
      "    registry was away until the deadline.\n"
      "  4 is also the end of a run whose runtime went away and had not come\n"
      "    back by the deadline.\n"
      "  5 is also the end of a run in which the disk became full.\n"
      "  70 says nothing about the images: what is on the node stays there, "
      "and\n"
      "    the next run goes on from it. Please report it with its message.\n"
      "  --failure-tolerance and --best-effort turn 1 into 0, nothing else.\n"
      "\n"
      "'prepull check' ends with 0 if every image is on the node and 1 if "
      "not,\n"
      "'prepull preflight' with 0 if the node is fit and 5 if not,\n"
      "'prepull status' with 0 if it could read the status file and, with\n"
      "--wait, with the code of the run it waited for. 'prepull unpin' ends "
      "with 0\nif nothing that was to be freed has a pin of prepull's, and 1 "
      "if something\nhas. 2, 4 and 70 mean the same for all commands.\n");
  return help;
}

}  // namespace prepull
