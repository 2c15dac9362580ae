#include "prepull/auth/credential_finder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/task_queue.h"
#include "src/auth/file_credentials.h"
#include "src/auth/provider_config.h"
#include "src/auth/provider_plugin.h"
#include "src/auth/warnings.h"

namespace prepull {
namespace {

constexpr int64_t kMaxConfigBytes = 1 << 20;

// The result of one Find: CANCELLED if no other is set.
//
// Not thread-safe.
class PendingResult {
 public:
  explicit PendingResult(CredentialFinder::Done done)
      : done_(std::move(done)) {}
  ~PendingResult() {
    if (done_ != nullptr) done_(absl::CancelledError("interrupted"));
  }
  PendingResult(const PendingResult&) = delete;
  PendingResult& operator=(const PendingResult&) = delete;

  void Set(absl::StatusOr<CredentialsToTry> result) {
    std::exchange(done_, nullptr)(std::move(result));
  }

 private:
  CredentialFinder::Done done_;
};

// Joins the responses of several plugins to one Find.
//
// Threads: safe to share.
class PluginResponses {
 public:
  PluginResponses(Reference image, CredentialsToTry from_files, size_t plugins,
                  std::shared_ptr<PendingResult> result)
      : image_(std::move(image)),
        found_(std::move(from_files)),
        result_(std::move(result)),
        responses_(plugins),
        missing_(plugins) {}

  // `plugin`: its index. The last response sets the result.
  void Add(size_t plugin, absl::StatusOr<ProviderPlugin::Entries> entries) {
    {
      MutexLock lock(mutex_);
      if (entries.ok()) {
        responses_[plugin] = *std::move(entries);
      } else if (absl::IsCancelled(entries.status())) {
        cancelled_ = entries.status();
      } else {
        found_.unread = std::string(entries.status().message());
      }
      if (--missing_ > 0) return;
      AddToKeyring();
    }
    if (cancelled_.ok()) {
      result_->Set(std::move(found_));
    } else {
      result_->Set(cancelled_);
    }
  }

 private:
  // All in one keyring, as in the kubelet.
  void AddToKeyring() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Keyring keyring;
    for (ProviderPlugin::Entries& entries : responses_) {
      for (KeyringEntry& entry : entries) keyring.Add(std::move(entry));
    }
    AppendNew(keyring.Find(image_), found_.credentials);
  }

  const Reference image_;
  // Those of the last Add once nothing is missing.
  CredentialsToTry found_;
  absl::Status cancelled_;
  const std::shared_ptr<PendingResult> result_;

  Mutex mutex_;
  std::vector<ProviderPlugin::Entries> responses_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
};

class SystemCredentialFinder : public CredentialFinder {
 public:
  SystemCredentialFinder(CredentialOptions options, FileSystem& files)
      : options_(std::move(options)),
        files_(files),
        warnings_(std::make_shared<Warnings>()),
        from_files_(
            std::make_shared<FileCredentials>(options_, files, warnings_)),
        self_(std::make_shared<Self>(this)) {}

  ~SystemCredentialFinder() override {
    MutexLock lock(self_->mutex);
    self_->finder = nullptr;
  }

  // Errors: as MakeCredentialFinder says.
  absl::Status LoadPlugins(Host& host, const Clock& clock) {
    // Reading a pipe would block.
    ASSIGN_OR_RETURN(const FileKind config,
                     files_.KindOf(options_.provider_config));
    if (config != FileKind::kFile) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.provider_config, ": not a regular file"));
    }
    ASSIGN_OR_RETURN(
        const std::string text,
        files_.ReadFile(options_.provider_config, kMaxConfigBytes));
    ASSIGN_OR_RETURN(std::vector<CredentialProvider> providers,
                     ParseProviderConfig(text, options_.provider_config));
    const std::string& folder = options_.provider_bin_dir;
    ASSIGN_OR_RETURN(const FileKind kind, files_.KindOf(folder));
    if (kind != FileKind::kFolder) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, ": not a directory"));
    }
    for (CredentialProvider& provider : providers) {
      if (provider.needs_service_account) {
        warnings_->Add(absl::StrCat("plugin ", provider.name,
                                    ": not supported: requires a pod's service "
                                    "account"));
        continue;
      }
      std::string program = absl::StrCat(folder, "/", provider.name);
      plugins_.push_back(std::make_unique<ProviderPlugin>(
          std::move(provider), std::move(program), options_.provider_timeout,
          ProviderPlugin::Dependencies{host, clock, *warnings_}));
    }
    return absl::OkStatus();
  }

  void Find(const Reference& image, const std::string& secret,
            Done done) override {
    reading_.Add([image, secret, from_files = from_files_, self = self_,
                  result = std::make_shared<PendingResult>(std::move(done))] {
      absl::StatusOr<CredentialsToTry> found = from_files->Find(image, secret);
      MutexLock lock(self->mutex);
      if (self->finder == nullptr) return;
      if (found.ok() && secret.empty()) {
        self->finder->AskPlugins(image, *std::move(found), result);
      } else {
        result->Set(std::move(found));
      }
    });
  }

  void Refused(const Reference& image, const Credential& credential) override {
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      plugin->Forget(image, credential);
    }
  }

  std::vector<std::string> Sources() override {
    std::vector<std::string> sources = from_files_->Sources();
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      sources.push_back(plugin->Description());
    }
    return sources;
  }

 private:
  // Shared with reads that may outlive the finder.
  struct Self {
    explicit Self(SystemCredentialFinder* it) : finder(it) {}

    Mutex mutex;
    SystemCredentialFinder* finder ABSL_GUARDED_BY(mutex);
  };

  void AskPlugins(const Reference& image, CredentialsToTry from_files,
                  std::shared_ptr<PendingResult> result) {
    std::vector<ProviderPlugin*> asked;
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      if (plugin->Matches(image)) asked.push_back(plugin.get());
    }
    if (asked.empty()) return result->Set(std::move(from_files));
    const auto responses = std::make_shared<PluginResponses>(
        image, std::move(from_files), asked.size(), std::move(result));
    for (size_t i = 0; i < asked.size(); ++i) {
      asked[i]->Request(
          image, [responses, i](absl::StatusOr<ProviderPlugin::Entries> e) {
            responses->Add(i, std::move(e));
          });
    }
  }

  const CredentialOptions options_;
  FileSystem& files_;
  const std::shared_ptr<Warnings> warnings_;
  const std::shared_ptr<FileCredentials> from_files_;
  const std::shared_ptr<Self> self_;
  // Last, since their threads use the members above.
  std::vector<std::unique_ptr<ProviderPlugin>> plugins_;
  TaskQueue reading_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<CredentialFinder>> MakeCredentialFinder(
    CredentialOptions options, FileSystem& files, Host& host, Clock& clock) {
  const bool has_config = !options.provider_config.empty();
  if (has_config != !options.provider_bin_dir.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(has_config ? "--image-credential-provider-config"
                                : "--image-credential-provider-bin-dir",
                     ": requires ",
                     has_config ? "--image-credential-provider-bin-dir"
                                : "--image-credential-provider-config"));
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
