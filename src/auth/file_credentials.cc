#include "src/auth/file_credentials.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// As large as a Secret can be.
constexpr int64_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxFiles = 1000;

bool HasConfigName(absl::string_view name) {
  return name == ".dockerconfigjson" || name == ".dockercfg" ||
         absl::EndsWith(name, ".json");
}

std::string Shown(absl::string_view path) { return Printable(path, 1024); }

absl::StatusOr<DockerConfig> ReadOne(const std::string& path,
                                     FileSystem& files) {
  ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, kMaxFileBytes));
  return ParseDockerConfig(text, path);
}

void MoveInto(DockerConfig&& part, DockerConfig& whole) {
  std::move(part.entries.begin(), part.entries.end(),
            std::back_inserter(whole.entries));
  std::move(part.warnings.begin(), part.warnings.end(),
            std::back_inserter(whole.warnings));
}

void AddError(const absl::Status& why, DockerConfig& whole) {
  whole.warnings.push_back(Shown(why.message()));
  if (IsTransient(why)) whole.unread = whole.warnings.back();
}

void AddFile(const std::string& folder, const std::string& name,
             FileSystem& files, DockerConfig& whole) {
  const std::string path = absl::StrCat(folder, "/", name);
  const absl::StatusOr<FileKind> kind = files.KindOf(path);
  if (kind.ok() && *kind != FileKind::kFile) return;
  absl::StatusOr<DockerConfig> config =
      kind.ok() ? ReadOne(path, files) : kind.status();
  if (config.ok()) {
    MoveInto(*std::move(config), whole);
  } else if (HasConfigName(name)) {
    AddError(config.status(), whole);
  }
}

absl::StatusOr<DockerConfig> ReadFolder(const std::string& path,
                                        FileSystem& files) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, files.ListFolder(path));
  DockerConfig whole;
  if (names.size() > kMaxFiles) {
    names.resize(kMaxFiles);
    whole.warnings.push_back(absl::StrCat(Shown(path),
                                          ": too many files: only the first ",
                                          kMaxFiles, " are read"));
  }
  // The kubelet's own, which are there without a Secret, too.
  std::erase_if(names, [](const std::string& name) {
    return absl::StartsWith(name, "..");
  });
  for (const std::string& name : names) AddFile(path, name, files, whole);
  if (whole.entries.empty() && whole.warnings.empty()) {
    whole.empty = absl::StrCat(
        Shown(path), names.empty()
                         ? ": empty folder: there may be no such Secret"
                         : ": no credentials found");
    whole.warnings.push_back(whole.empty);
  }
  return whole;
}

std::vector<Credential> FindIn(std::vector<KeyringEntry> entries,
                               const Reference& image) {
  Keyring keyring;
  for (KeyringEntry& entry : entries) keyring.Add(std::move(entry));
  std::vector<Credential> found;
  AppendNew(keyring.Find(image), found);
  return found;
}

}  // namespace

bool IsTransient(const absl::Status& error) {
  return !absl::IsInvalidArgument(error);
}

absl::StatusOr<DockerConfig> ReadDockerConfigs(const std::string& path,
                                               FileSystem& files) {
  ASSIGN_OR_RETURN(const FileKind kind, files.KindOf(path));
  if (kind == FileKind::kFolder) return ReadFolder(path, files);
  if (kind == FileKind::kFile) return ReadOne(path, files);
  // A pipe could block for ever, and could not be read again.
  return absl::InvalidArgumentError(
      absl::StrCat(Shown(path), ": not a file or directory"));
}

FileCredentials::FileCredentials(CredentialOptions options, FileSystem& files,
                                 std::shared_ptr<Warnings> warnings)
    : options_(std::move(options)),
      files_(files),
      warnings_(std::move(warnings)) {}

absl::StatusOr<CredentialsToTry> FileCredentials::Find(
    const Reference& image, const std::string& secret) {
  if (!secret.empty()) {
    absl::StatusOr<CredentialsToTry> found = FindInSecret(image, secret);
    if (found.ok()) return found;
    return Annotate(found.status(),
                    absl::StrCat("secret \"", Printable(secret, 253), "\""));
  }
  CredentialsToTry found;
  found.credentials = FindIn(ReadConfigs(found), image);
  return found;
}

absl::StatusOr<CredentialsToTry> FileCredentials::FindInSecret(
    const Reference& image, const std::string& secret) {
  if (!IsPlainName(secret)) {
    return absl::InvalidArgumentError("invalid name: expected a file name");
  }
  if (options_.secrets_dir.empty()) {
    return absl::InvalidArgumentError("missing --secrets-dir");
  }
  absl::StatusOr<DockerConfig> config =
      ReadDockerConfigs(SecretPath(secret), files_);
  if (!config.ok()) {
    // A missing file is more likely a wrong name than a late one.
    const bool is_passing =
        IsTransient(config.status()) && !absl::IsNotFound(config.status());
    return is_passing ? absl::UnavailableError(config.status().message())
                      : config.status();
  }
  warnings_->Add(config->warnings);
  CredentialsToTry found = {
      .credentials = FindIn(std::move(config->entries), image),
      .unread = config->unread};
  if (!found.credentials.empty()) return found;
  if (!found.unread.empty()) return absl::UnavailableError(found.unread);
  return absl::NotFoundError(
      absl::StrCat("no credentials for ", image.repository(),
                   config->warnings.empty()
                       ? ""
                       : absl::StrCat(" (", config->warnings.front(), ")")));
}

std::vector<std::string> FileCredentials::Sources() {
  CredentialsToTry found;
  std::vector<KeyringEntry> entries = ReadConfigs(found);
  for (const std::string& name : SecretNames()) {
    std::vector<KeyringEntry> more = ReadConfig(SecretPath(name), found);
    std::move(more.begin(), more.end(), std::back_inserter(entries));
  }
  std::vector<std::string> sources;
  sources.reserve(entries.size());
  for (const KeyringEntry& entry : entries) {
    sources.push_back(entry.credential.source);
  }
  return sources;
}

std::vector<KeyringEntry> FileCredentials::ReadConfigs(
    CredentialsToTry& found) {
  std::vector<KeyringEntry> all;
  for (const std::string& path : options_.docker_configs) {
    std::vector<KeyringEntry> entries = ReadConfig(path, found);
    std::move(entries.begin(), entries.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<KeyringEntry> FileCredentials::ReadConfig(const std::string& path,
                                                      CredentialsToTry& found) {
  absl::StatusOr<DockerConfig> config = ReadDockerConfigs(path, files_);
  if (!config.ok()) {
    warnings_->Add(std::string(config.status().message()));
    if (IsTransient(config.status())) {
      found.unread = std::string(config.status().message());
    }
    return {};
  }
  warnings_->Add(config->warnings);
  if (!config->unread.empty()) found.unread = config->unread;
  if (!config->empty.empty()) found.empty = config->empty;
  return std::move(config->entries);
}

std::vector<std::string> FileCredentials::SecretNames() {
  if (options_.secrets_dir.empty()) return {};
  absl::StatusOr<std::vector<std::string>> names =
      files_.ListFolder(options_.secrets_dir);
  if (!names.ok()) {
    warnings_->Add(std::string(names.status().message()));
    return {};
  }
  std::erase_if(*names,
                [](const std::string& name) { return !IsPlainName(name); });
  return *std::move(names);
}

std::string FileCredentials::SecretPath(const std::string& name) const {
  return absl::StrCat(options_.secrets_dir, "/", name);
}

}  // namespace prepull
