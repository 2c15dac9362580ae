// The flags of fetch.
#ifndef PREPULL_CLI_FETCH_OPTIONS_H_
#define PREPULL_CLI_FETCH_OPTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/pull/pull_options.h"
#include "src/cli/command_context.h"
#include "src/cli/image_arguments.h"
#include "src/cli/preflight_flags.h"

namespace prepull {

struct FetchOptions {
  ImageArguments images;
  PullOptions pull = {.concurrency = 0};  // 0 = by the runtime's version
  PreflightOptions preflight;
  CredentialOptions credentials;
  absl::Duration overall_timeout = absl::Minutes(20);
  std::string status_file;
  std::string node;
  std::string output = "table";
  std::string progress = "auto";
  bool dry_run = false;
  TalkOptions talk;
};

void AddFetchFlags(Command& command, FetchOptions& options);

// Whether progress is drawn on the terminal rather than logged.
bool DrawsView(const FetchOptions& options, const Host& host);

}  // namespace prepull

#endif  // PREPULL_CLI_FETCH_OPTIONS_H_
