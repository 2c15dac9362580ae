#include "src/cli/source_flags.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

void AddReleaseFlags(Command& command, SourceOptions& sources) {
  command.Texts({.name = "--release",
                 .value = "IMAGE",
                 .text = "an OpenShift release: its image and those that it "
                         "is made of"},
                sources.releases);
  command.Texts({.name = "--exclude",
                 .value = "PATTERN",
                 .text = "leave out images of the release that this basic "
                         "regular expression fits, in \"NAME$PULLSPEC\" with "
                         "its quotes"},
                sources.excludes);
  command.Texts({.name = "--exclude-file",
                 .value = "PATH",
                 .text = "such patterns, one a line",
                 .is_path = true},
                sources.exclude_files);
}

void AddCatalogFlags(Command& command, SourceOptions& sources) {
  command.Texts({.name = "--catalog",
                 .value = "IMAGE",
                 .text = "an operator catalogue: its image and what its "
                         "--package need"},
                sources.catalogs);
  command.Texts({.name = "--package",
                 .value = "NAME[:CHANNEL,...]",
                 .text = "a package of the catalogues; without a channel its "
                         "default one"},
                sources.packages);
  command.Text({.name = "--catalog-versions",
                .value = "WHICH",
                .text = "versions of a channel: head, all, or MIN..MAX",
                .fallback = "head"},
               sources.catalog_versions);
  command.Texts({.name = "--precache-spec",
                 .value = "DIR",
                 .text = "TALM's ConfigMap pre-cache-spec as a folder: "
                         "release, catalogues, excludes, images, space",
                 .is_path = true},
                sources.precache_specs);
}

void AddSelectFlags(Command& command, SourceOptions& sources) {
  command.Texts({.name = "--select",
                 .value = "'REPO RULE'",
                 .text = "tags of a repository: 'semver:~1.2 newest:3', "
                         "'regex:^v([0-9]+)$ newest:5', 'rubin releases=2 "
                         "weeklies=3 alias=latest', with exclude:PATTERN"},
                sources.selects);
  command.Texts({.name = "--select-file",
                 .value = "PATH",
                 .text = "such rules, one a line",
                 .is_path = true},
                sources.select_files);
}

// Of the first of these variables that says something. They are the whole
// process's, as other tools take them.
std::string FirstOf(const std::vector<std::string>& names, const Host& host) {
  for (const std::string& name : names) {
    std::string value = FromEnvironment(host, name);
    if (!value.empty()) return value;
  }
  return "";
}

absl::StatusOr<ProxyRules> Proxies(const Host& host) {
  return ProxyRules::Parse(FirstOf({"HTTP_PROXY", "http_proxy"}, host),
                           FirstOf({"HTTPS_PROXY", "https_proxy"}, host),
                           FirstOf({"NO_PROXY", "no_proxy"}, host));
}

absl::StatusOr<RegistryOptions> OptionsOf(const SourceArguments& arguments,
                                          const CommandContext& context,
                                          Instant deadline) {
  RegistryOptions options = {.insecure_hosts = arguments.insecure_registries,
                             .mirrors = arguments.mirrors,
                             .extra_ca_file = arguments.ca_file,
                             .deadline = deadline,
                             .stop = context.stop};
  ASSIGN_OR_RETURN(options.proxies, Proxies(context.host));
  const std::string ca_file = FirstOf({"SSL_CERT_FILE"}, context.host);
  if (!ca_file.empty()) options.ca_file = ca_file;
  return options;
}

SourceOptions OptionsOf(SourceOptions options, const Host& host,
                        bool keeps_failures) {
  options.keeps_failures = keeps_failures;
  const std::string named = FromEnvironment(host, "TMPDIR");
  if (!named.empty()) options.temporary_folders = {named};
  return options;
}

// All of them, up to a length that can be read. It may pass if all may, and is
// of the kind of the first then.
absl::Status ErrorOf(const std::vector<ImageRequest>& failures) {
  const std::string what =
      Printable(absl::StrJoin(failures, "; ",
                              [](std::string* out, const auto& failure) {
                                absl::StrAppend(
                                    out, failure.reference.status().message());
                              }),
                4096);
  const bool may_pass =
      absl::c_all_of(failures, [](const ImageRequest& failure) {
        return IsPassing(failure.reference.status());
      });
  return may_pass ? WithMessage(failures.front().reference.status(), what)
                  : absl::InvalidArgumentError(what);
}

}  // namespace

void AddSourceFlags(Command& command, SourceArguments& arguments) {
  command.Group("What, from registries");
  AddReleaseFlags(command, arguments.sources);
  AddCatalogFlags(command, arguments.sources);
  AddSelectFlags(command, arguments.sources);
  command.Text({.name = "--registry-ca",
                .value = "PATH",
                .text = "certificates (PEM) to trust besides the system's, "
                        "which SSL_CERT_FILE replaces",
                .is_path = true},
               arguments.ca_file);
  command.Texts({.name = "--registry-insecure",
                 .value = "HOST[:PORT]",
                 .text = "registry that may be asked over plain HTTP; "
                         "loopback always may"},
                arguments.insecure_registries);
  command.Texts({.name = "--registry-mirror",
                 .value = "FROM=TO",
                 .text = "ask TO first for what begins with FROM; the runtime "
                         "has mirrors of its own"},
                arguments.mirrors);
}

absl::StatusOr<std::unique_ptr<RegistryAccess>> RegistryAccess::Open(
    const SourceArguments& arguments, const CommandContext& context,
    Instant deadline) {
  ASSIGN_OR_RETURN(RegistryOptions options,
                   OptionsOf(arguments, context, deadline));
  auto access = std::make_unique<RegistryAccess>();
  ASSIGN_OR_RETURN(access->credentials_,
                   MakeCredentialFinder(arguments.credentials, context.files,
                                        context.host, context.clock));
  access->http_ = MakeHttpClient(context.files, context.clock);
  ASSIGN_OR_RETURN(
      access->client_,
      MakeRegistryClient(std::move(options), *access->http_,
                         *access->credentials_, context.clock, SystemDice()));
  return access;
}

absl::StatusOr<SourceImages> ReadSources(const SourceArguments& arguments,
                                         const CommandContext& context,
                                         Instant deadline,
                                         bool keeps_failures) {
  if (!HasSources(arguments.sources)) return SourceImages();
  // What sources leave of the time is for the rest, which is to be pulled.
  if (keeps_failures) {
    const Instant now = context.clock.Now();
    deadline = now + (deadline - now) / 2;
  }
  ASSIGN_OR_RETURN(const auto access,
                   RegistryAccess::Open(arguments, context, deadline));
  ASSIGN_OR_RETURN(
      SourceImages found,
      ResolveSources(OptionsOf(arguments.sources, context.host, keeps_failures),
                     context.files, access->client()));
  if (found.failures.empty()) return found;
  if (!keeps_failures) return ErrorOf(found.failures);
  std::move(found.failures.begin(), found.failures.end(),
            std::back_inserter(found.requests));
  found.failures.clear();
  return found;
}

}  // namespace prepull
