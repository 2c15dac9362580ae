// The result ConfigMap of fetch: its flags, and what is written there.
#ifndef PREPULL_SRC_CLI_FETCH_RESULT_H_
#define PREPULL_SRC_CLI_FETCH_RESULT_H_

#include <memory>

#include "prepull/http/http_client.h"
#include "prepull/kube/result_config_map.h"
#include "src/cli/command_context.h"
#include "src/cli/fetch_options.h"

namespace prepull {

void AddResultFlags(Command& command, ResultOptions& options);

// Returns the observer that writes it, which a dry run gives nothing to write.
// All of it must outlive the observer.
std::unique_ptr<ResultConfigMap> MakeResultConfigMap(
    const FetchOptions& options, const CommandContext& context,
    HttpClient& http);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_RESULT_H_
