#include "src/auth/file_credentials.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/auth/credential_files.h"

namespace prepull {
namespace {

std::vector<Credential> FindIn(std::vector<KeyringEntry> entries,
                               const Reference& image) {
  Keyring keyring;
  for (KeyringEntry& entry : entries) keyring.Add(std::move(entry));
  std::vector<Credential> found;
  AppendNew(keyring.Find(image), found);
  return found;
}

bool IsPlainName(const std::string& name) {
  return !name.empty() && name != "." && !absl::StartsWith(name, "..") &&
         name.size() <= 253 && name.find('/') == std::string::npos &&
         Printable(name, name.size()) == name;
}

}  // namespace

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
  found.credentials = FindIn(ReadConfigs(found.unread), image);
  return found;
}

absl::StatusOr<CredentialsToTry> FileCredentials::FindInSecret(
    const Reference& image, const std::string& secret) {
  if (!IsPlainName(secret)) {
    return absl::InvalidArgumentError("is no name of a secret");
  }
  if (options_.secrets_dir.empty()) {
    return absl::InvalidArgumentError(
        "there is no --secrets-dir to find it in");
  }
  absl::StatusOr<DockerConfig> config =
      ReadDockerConfigs(SecretPath(secret), files_);
  if (!config.ok()) {
    // A name that is not there is more likely wrong than late.
    const bool may_come =
        MayReadLater(config.status()) && !absl::IsNotFound(config.status());
    return may_come ? absl::UnavailableError(config.status().message())
                    : config.status();
  }
  warnings_->Add(config->warnings);
  CredentialsToTry found = {
      .credentials = FindIn(std::move(config->entries), image),
      .unread = config->unread};
  if (!found.credentials.empty()) return found;
  if (!found.unread.empty()) return absl::UnavailableError(found.unread);
  return absl::NotFoundError(
      absl::StrCat("has no credentials for ", image.repository(),
                   config->warnings.empty()
                       ? ""
                       : absl::StrCat(" (", config->warnings.front(), ")")));
}

std::vector<std::string> FileCredentials::Sources() {
  std::string unread;
  std::vector<KeyringEntry> entries = ReadConfigs(unread);
  for (const std::string& name : SecretNames()) {
    std::vector<KeyringEntry> more = ReadConfig(SecretPath(name), unread);
    std::move(more.begin(), more.end(), std::back_inserter(entries));
  }
  std::vector<std::string> sources;
  sources.reserve(entries.size());
  for (const KeyringEntry& entry : entries) {
    sources.push_back(entry.credential.source);
  }
  return sources;
}

std::vector<KeyringEntry> FileCredentials::ReadConfigs(std::string& unread) {
  std::vector<KeyringEntry> all;
  for (const std::string& path : options_.docker_configs) {
    std::vector<KeyringEntry> entries = ReadConfig(path, unread);
    std::move(entries.begin(), entries.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<KeyringEntry> FileCredentials::ReadConfig(const std::string& path,
                                                      std::string& unread) {
  absl::StatusOr<DockerConfig> config = ReadDockerConfigs(path, files_);
  if (!config.ok()) {
    warnings_->Add(std::string(config.status().message()));
    if (MayReadLater(config.status())) {
      unread = std::string(config.status().message());
    }
    return {};
  }
  warnings_->Add(config->warnings);
  if (!config->unread.empty()) unread = config->unread;
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
