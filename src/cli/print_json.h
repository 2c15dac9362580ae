// One JSON document on standard output: spread over lines for a person, one
// line for a program.
#ifndef PREPULL_SRC_CLI_PRINT_JSON_H_
#define PREPULL_SRC_CLI_PRINT_JSON_H_

#include <string>

#include "prepull/report/run_document.h"
#include "src/cli/command_context.h"

namespace prepull {

// `document` ends with a newline.
inline void PrintJson(const std::string& document,
                      const CommandContext& context) {
  context.console.PrintOut(
      context.host.IsTerminal(Stream::kOut) ? Indented(document) : document);
}

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_PRINT_JSON_H_
