#include "prepull/auth/credential_finder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/auth/credential_files.h"
#include "src/auth/provider_config.h"
#include "src/auth/provider_plugin.h"
#include "src/auth/warnings.h"

namespace prepull {
namespace {

constexpr int64_t kLargestConfig = 1 << 20;

Keyring KeyringOf(std::vector<KeyringEntry> entries) {
  Keyring keyring;
  for (KeyringEntry& entry : entries) keyring.Add(std::move(entry));
  return keyring;
}

bool IsPlainName(const std::string& name) {
  return !name.empty() && name != "." && !absl::StartsWith(name, "..") &&
         name.size() <= 253 && name.find('/') == std::string::npos &&
         Printable(name, name.size()) == name;
}

// One Find that waits for several plugins.
//
// Threads: safe to share.
class Gathering {
 public:
  Gathering(Reference image, std::vector<Credential> from_files, size_t plugins,
            CredentialFinder::Done done)
      : image_(std::move(image)),
        credentials_(std::move(from_files)),
        done_(std::move(done)),
        answers_(plugins),
        missing_(plugins) {}

  // `place`: of the plugin among the asked. The last one calls `done`.
  void Take(size_t place, absl::StatusOr<ProviderPlugin::Entries> entries) {
    {
      MutexLock lock(mutex_);
      if (entries.ok()) {
        answers_[place] = *std::move(entries);
      } else {
        status_ = entries.status();
      }
      if (--missing_ > 0) return;
      if (status_.ok()) AddAnswers();
    }
    if (status_.ok()) {
      done_(std::move(credentials_));
    } else {
      done_(status_);
    }
  }

 private:
  // In one keyring, as the kubelet has them.
  void AddAnswers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Keyring keyring;
    for (ProviderPlugin::Entries& answer : answers_) {
      for (KeyringEntry& entry : answer) keyring.Add(std::move(entry));
    }
    AppendNew(keyring.Find(image_), credentials_);
  }

  const Reference image_;
  // These and `status_` belong to the last Take once nothing is missing.
  std::vector<Credential> credentials_;
  absl::Status status_;
  const CredentialFinder::Done done_;

  Mutex mutex_;
  std::vector<ProviderPlugin::Entries> answers_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
};

class SystemCredentialFinder : public CredentialFinder {
 public:
  SystemCredentialFinder(CredentialOptions options, FileSystem& files)
      : options_(std::move(options)), files_(files) {}

  // Errors: as MakeCredentialFinder says.
  absl::Status LoadPlugins(Host& host, const Clock& clock) {
    // Reading a pipe would wait for its writer.
    ASSIGN_OR_RETURN(const FileKind config,
                     files_.KindOf(options_.provider_config));
    if (config != FileKind::kFile) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.provider_config, ": is no regular file"));
    }
    ASSIGN_OR_RETURN(const std::string text,
                     files_.ReadFile(options_.provider_config, kLargestConfig));
    ASSIGN_OR_RETURN(std::vector<CredentialProvider> providers,
                     ParseProviderConfig(text, options_.provider_config));
    const std::string& folder = options_.provider_bin_dir;
    ASSIGN_OR_RETURN(const FileKind kind, files_.KindOf(folder));
    if (kind != FileKind::kFolder) {
      return absl::InvalidArgumentError(absl::StrCat(folder, ": is no folder"));
    }
    for (CredentialProvider& provider : providers) {
      if (provider.needs_service_account) {
        warnings_.Add(absl::StrCat("plugin ", provider.name,
                                   ": needs a pod's service account, which "
                                   "only the kubelet can give it"));
        continue;
      }
      std::string program = absl::StrCat(folder, "/", provider.name);
      plugins_.push_back(std::make_unique<ProviderPlugin>(
          std::move(provider), std::move(program), options_.provider_timeout,
          ProviderPlugin::World{host, clock, warnings_}));
    }
    return absl::OkStatus();
  }

  void Find(const Reference& image, const std::string& secret,
            Done done) override {
    if (!secret.empty()) return done(FindInSecret(image, secret));
    std::vector<Credential> found;
    AppendNew(KeyringOf(ReadFiles()).Find(image), found);
    std::vector<ProviderPlugin*> asked;
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      if (plugin->Matches(image)) asked.push_back(plugin.get());
    }
    if (asked.empty()) return done(std::move(found));
    const auto gathering = std::make_shared<Gathering>(
        image, std::move(found), asked.size(), std::move(done));
    for (size_t i = 0; i < asked.size(); ++i) {
      asked[i]->Ask(image,
                    [gathering, i](absl::StatusOr<ProviderPlugin::Entries> e) {
                      gathering->Take(i, std::move(e));
                    });
    }
  }

  std::vector<std::string> Sources() override {
    std::vector<std::string> sources;
    const auto add = [&sources](const std::vector<KeyringEntry>& entries) {
      for (const KeyringEntry& entry : entries) {
        sources.push_back(entry.credential.source);
      }
    };
    add(ReadFiles());
    for (const std::string& name : SecretNames()) {
      add(ReadSource(SecretPath(name)));
    }
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      sources.push_back(plugin->Description());
    }
    return sources;
  }

 private:
  std::vector<KeyringEntry> ReadFiles() {
    std::vector<KeyringEntry> all;
    for (const std::string& path : options_.docker_configs) {
      std::vector<KeyringEntry> entries = ReadSource(path);
      std::move(entries.begin(), entries.end(), std::back_inserter(all));
    }
    return all;
  }

  // A deployment may mount it where it exists only, so it may be missing.
  std::vector<KeyringEntry> ReadSource(const std::string& path) {
    absl::StatusOr<DockerConfig> config = ReadDockerConfigs(path, files_);
    if (!config.ok()) {
      warnings_.Add(std::string(config.status().message()));
      return {};
    }
    warnings_.Add(config->warnings);
    return std::move(config->entries);
  }

  absl::StatusOr<std::vector<Credential>> FindInSecret(
      const Reference& image, const std::string& secret) {
    const std::string what =
        absl::StrCat("secret \"", Printable(secret, 253), "\"");
    if (!IsPlainName(secret)) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": is no name of a secret"));
    }
    if (options_.secrets_dir.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": there is no --secrets-dir to find it in"));
    }
    absl::StatusOr<DockerConfig> config =
        ReadDockerConfigs(SecretPath(secret), files_);
    if (!config.ok()) return Annotate(config.status(), what);
    warnings_.Add(config->warnings);
    std::vector<Credential> found;
    AppendNew(KeyringOf(std::move(config->entries)).Find(image), found);
    if (!found.empty()) return found;
    return absl::NotFoundError(
        absl::StrCat(what, ": has no credentials for ", image.repository(),
                     config->warnings.empty()
                         ? ""
                         : absl::StrCat(" (", config->warnings.front(), ")")));
  }

  std::vector<std::string> SecretNames() {
    if (options_.secrets_dir.empty()) return {};
    absl::StatusOr<std::vector<std::string>> names =
        files_.ListFolder(options_.secrets_dir);
    if (!names.ok()) {
      warnings_.Add(std::string(names.status().message()));
      return {};
    }
    std::erase_if(*names,
                  [](const std::string& name) { return !IsPlainName(name); });
    return *std::move(names);
  }

  std::string SecretPath(const std::string& name) const {
    return absl::StrCat(options_.secrets_dir, "/", name);
  }

  const CredentialOptions options_;
  FileSystem& files_;
  Warnings warnings_;
  // Behind what they refer to, since their threads end with them.
  std::vector<std::unique_ptr<ProviderPlugin>> plugins_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<CredentialFinder>> MakeCredentialFinder(
    CredentialOptions options, FileSystem& files, Host& host, Clock& clock) {
  const bool has_config = !options.provider_config.empty();
  if (has_config != !options.provider_bin_dir.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(has_config ? "--image-credential-provider-config"
                                : "--image-credential-provider-bin-dir",
                     " needs ",
                     has_config ? "--image-credential-provider-bin-dir"
                                : "--image-credential-provider-config",
                     " beside it"));
  }
  auto finder =
      std::make_unique<SystemCredentialFinder>(std::move(options), files);
  if (has_config) {
    const absl::Status loaded = finder->LoadPlugins(host, clock);
    if (!loaded.ok()) return absl::InvalidArgumentError(loaded.message());
  }
  return finder;
}

}  // namespace prepull
