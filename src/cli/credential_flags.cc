#include "src/cli/credential_flags.h"

namespace prepull {

void AddCredentialFlags(Command& command, CredentialOptions& options) {
  command.Group("Credentials");
  command.Texts({.name = "--docker-config",
                 .value = "PATH",
                 .text = "registry credentials: a docker config, or a folder "
                         "of them such as a mounted Secret; read anew for "
                         "each attempt",
                 .is_path = true},
                options.docker_configs);
  command.Text({.name = "--secrets-dir",
                .value = "DIR",
                .text = "where the credentials lie that lines of the list "
                        "name by secret=NAME",
                .is_path = true},
               options.secrets_dir);
  command.Text({.name = "--image-credential-provider-config",
                .value = "FILE",
                .text = "the kubelet's CredentialProviderConfig, YAML or JSON",
                .is_path = true},
               options.provider_config);
  command.Text({.name = "--image-credential-provider-bin-dir",
                .value = "DIR",
                .text = "the folder of the plugins that it names",
                .is_path = true},
               options.provider_bin_dir);
}

bool HasCredentialSources(const CredentialOptions& options) {
  return !options.docker_configs.empty() || !options.secrets_dir.empty() ||
         !options.provider_config.empty() || !options.provider_bin_dir.empty();
}

}  // namespace prepull
