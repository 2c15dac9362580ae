// Where the results of fetch go: the ConfigMap, its flags and what is written
// there, and the server of image-prefetcher's results.
#ifndef PREPULL_SRC_CLI_FETCH_RESULT_H_
#define PREPULL_SRC_CLI_FETCH_RESULT_H_

#include <memory>
#include <string>

#include "prepull/http/http_client.h"
#include "prepull/kube/result_config_map.h"
#include "prepull/metrics/result_submitter.h"
#include "src/cli/command_context.h"
#include "src/cli/fetch_options.h"

namespace prepull {

void AddResultFlags(Command& command, ResultOptions& options);

// Returns the observer that writes it, which a dry run gives nothing to write.
// All of it must outlive the observer.
std::unique_ptr<ResultConfigMap> MakeResultConfigMap(
    const FetchOptions& options, const CommandContext& context,
    HttpClient& http);

// Returns what asks the runtime behind `socket` for the sizes of images.
AskSize SizesOf(const std::string& socket);

// Where results are submitted; a dry run has none.
SubmitOptions SubmitOptionsOf(const FetchOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_FETCH_RESULT_H_
