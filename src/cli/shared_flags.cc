#include "src/cli/shared_flags.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

void AddReleaseFlags(Command& command, SourceOptions& sources) {
  command.Texts({.name = "--release",
                 .value = "IMAGE",
                 .text = "an OpenShift release: its own image and the images "
                         "that it lists"},
                sources.releases);
  command.Texts({.name = "--exclude",
                 .value = "PATTERN",
                 .text = "exclude images of the release whose line "
                         "\"NAME$PULLSPEC\" (with its quotes) matches this "
                         "basic regular expression"},
                sources.excludes);
  command.Texts({.name = "--exclude-file",
                 .value = "PATH",
                 .text = "file with --exclude patterns, one per line",
                 .is_path = true},
                sources.exclude_files);
}

void AddCatalogFlags(Command& command, SourceOptions& sources) {
  command.Texts({.name = "--catalog",
                 .value = "IMAGE",
                 .text = "an operator catalogue: its own image and the images "
                         "of each --package"},
                sources.catalogs);
  command.Texts({.name = "--package",
                 .value = "NAME[:CHANNEL,...]",
                 .text = "a package of the catalogues; its default channel "
                         "unless channels are given"},
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
                 .text = "file with --select rules, one per line",
                 .is_path = true},
                sources.select_files);
}

absl::Status ParseCheckItems(absl::string_view text,
                             PreflightOptions& options) {
  options.disk.max_used_percent.reset();
  options.load = {};
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    if (item == "disk") {
      options.disk.max_used_percent = kMaxUsedPercent;
    } else if (item == "cpu") {
      options.load.cpu = true;
    } else if (item == "mem") {
      options.load.mem = true;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid item \"", Printable(item, 64),
                       "\": expected disk, cpu or mem"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Deadline> ParseDeadline(const std::string& text) {
  const absl::StatusOr<absl::Duration> after = ParseDuration(text);
  if (after.ok()) return Deadline{.after = *after};
  // ParseTime takes words and blanks, too.
  const bool is_plain = !text.empty() && absl::ascii_isdigit(text.front()) &&
                        absl::ascii_isgraph(text.back());
  absl::Time at;
  if (is_plain && absl::ParseTime(absl::RFC3339_full, text, &at, nullptr)) {
    return Deadline{.at = at};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("invalid value \"", Printable(text, 64),
                   "\": expected a duration, or a time as "
                   "2026-12-24T04:00:00Z"));
}

void AddListFileFlags(Command& command, ListInputs& inputs) {
  command.Texts({.name = "--image-list-file",
                 .value = "PATH",
                 .text = "list of images, one per line: IMAGE [secret=NAME] "
                         "[policy=Always|IfNotPresent] [pin=true]; # starts a "
                         "comment; - is standard input",
                 .is_path = true},
                inputs.list_files);
  command.Texts({.name = "--rewrite",
                 .value = "FROM=TO",
                 .text = "pull images that begin with FROM (whole segments: "
                         "quay.io, docker.io/library) from TO instead; the "
                         "longest FROM wins"},
                inputs.rewrites);
}

void AddListFlags(Command& command, ListInputs& inputs) {
  command.Group("What");
  AddListFileFlags(command, inputs);
  command.Positionals(inputs.images);
}

void AddRegistryFlags(Command& command, RegistryOptions& registry) {
  command.Text({.name = "--registry-ca",
                .value = "PATH",
                .text = "certificates (PEM) to trust in addition to the "
                        "system's, which SSL_CERT_FILE replaces",
                .is_path = true},
               registry.extra_ca_file);
  command.Texts({.name = "--registry-insecure",
                 .value = "HOST[:PORT]",
                 .text = "allow plain HTTP for this registry; always allowed "
                         "for loopback"},
                registry.insecure_hosts);
  command.Texts({.name = "--registry-mirror",
                 .value = "FROM=TO",
                 .text = "ask TO first for images that begin with FROM, then "
                         "the node's own mirrors; does not change those of the "
                         "runtime"},
                registry.mirrors);
}

void AddSourceFlags(Command& command, ListInputs& inputs) {
  command.Group("What, from registries");
  AddReleaseFlags(command, inputs.sources);
  AddCatalogFlags(command, inputs.sources);
  AddSelectFlags(command, inputs.sources);
  AddRegistryFlags(command, inputs.registry);
}

void AddCredentialFlags(Command& command, CredentialOptions& options) {
  command.Group("Credentials");
  command.Texts({.name = "--docker-config",
                 .value = "PATH",
                 .text = "registry credentials: a docker config, or a folder "
                         "of them such as a mounted Secret; read again for "
                         "each attempt",
                 .is_path = true},
                options.docker_configs);
  command.Text({.name = "--secrets-dir",
                .value = "DIR",
                .text = "folder of the credentials that list lines refer to "
                        "by secret=NAME",
                .is_path = true},
               options.secrets_dir);
  command.Text({.name = "--image-credential-provider-config",
                .value = "FILE",
                .text = "the kubelet's CredentialProviderConfig, YAML or JSON",
                .is_path = true},
               options.provider_config);
  command.Text({.name = "--image-credential-provider-bin-dir",
                .value = "DIR",
                .text = "folder of the credential provider plugins",
                .is_path = true},
               options.provider_bin_dir);
}

bool HasCredentialSources(const CredentialOptions& options) {
  return !options.docker_configs.empty() || !options.secrets_dir.empty() ||
         !options.provider_config.empty() || !options.provider_bin_dir.empty();
}

void AddSocketFlag(Command& command, std::string& socket) {
  command.Text({.name = "--cri-socket",
                .value = "PATH",
                .text = "socket of the runtime, a path or unix:// URL; else "
                        "CONTAINER_RUNTIME_ENDPOINT; else the first known "
                        "one that answers",
                .is_path = true},
               socket);
}

absl::StatusOr<int> ParseConcurrency(const std::string& text) {
  int number = 0;
  if (text == "auto") return 0;
  if (absl::SimpleAtoi(text, &number) && number >= 1 && number <= 64) {
    return number;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "invalid value \"", Printable(text, 64), "\": expected auto or 1 to 64"));
}

void AddDeadlineFlag(Command& command, Deadline& deadline) {
  command.Custom(
      {.name = "--deadline",
       .value = "D|TIME",
       .text = "end of the whole run: a duration from its start, or a time as "
               "2026-12-24T04:00:00Z; the earlier of this and "
               "--overall-timeout counts"},
      [&deadline](const std::string& text) {
        ASSIGN_OR_RETURN(deadline, ParseDeadline(text));
        return absl::OkStatus();
      });
}

void AddTerminationLogFlag(Command& command, std::string& path) {
  path = kTerminationLog;
  command.Text({.name = "--termination-log",
                .value = "PATH",
                .text = "termination message file of the container; written "
                        "only if it exists",
                .fallback = path,
                .is_path = true},
               path);
}

void AddFitnessFlags(Command& command, PreflightOptions& options) {
  DiskRequirements& disk = options.disk;
  command.Custom({.name = "--space-required",
                  .value = "SIZE",
                  .text = "free space required below the GC threshold, e.g. "
                          "35GiB, and 1% of the inodes; else the node is not "
                          "fit (exit code 5)"},
                 [&disk](const std::string& text) {
                   ASSIGN_OR_RETURN(disk.space_required_bytes,
                                    ParseBytes(text));
                   return absl::OkStatus();
                 });
  command.Integer({.name = "--gc-high-threshold",
                   .value = "N",
                   .text = "disk usage in percent at which the kubelet begins "
                           "to delete images (imageGCHighThresholdPercent)",
                   .fallback = "85"},
                  1, 100, disk.gc_high_threshold_percent);
  command.Custom({.name = "--check-items",
                  .value = "ITEMS",
                  .text = "of disk, cpu and mem, with commas between: the node "
                          "is not fit (exit code 5) if more than 80% of one "
                          "is in use"},
                 [&options](const std::string& text) {
                   return ParseCheckItems(text, options);
                 });
}

void AddHostRootFlag(Command& command, std::string& host_root) {
  host_root = std::string("/");  // g++ 12 warns of a plain text
  command.Text({.name = "--host-root",
                .value = "DIR",
                .text = "directory where the host's root file system is "
                        "mounted",
                .fallback = host_root,
                .is_path = true},
               host_root);
}

}  // namespace prepull
