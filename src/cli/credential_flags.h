// Where fetch and preflight look for registry credentials.
#ifndef PREPULL_SRC_CLI_CREDENTIAL_FLAGS_H_
#define PREPULL_SRC_CLI_CREDENTIAL_FLAGS_H_

#include "prepull/auth/credential_finder.h"
#include "src/cli/command_context.h"

namespace prepull {

void AddCredentialFlags(Command& command, CredentialOptions& options);

// Whether there is anywhere to look.
bool HasCredentialSources(const CredentialOptions& options);

}  // namespace prepull

#endif  // PREPULL_SRC_CLI_CREDENTIAL_FLAGS_H_
