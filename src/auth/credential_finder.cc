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

constexpr int64_t kLargestConfig = 1 << 20;

// The answer to one Find: CANCELLED if no other is given.
//
// Not thread-safe: whoever holds it last may answer.
class OwedAnswer {
 public:
  explicit OwedAnswer(CredentialFinder::Done done) : done_(std::move(done)) {}
  ~OwedAnswer() {
    if (done_ != nullptr) done_(absl::CancelledError("stopped"));
  }
  OwedAnswer(const OwedAnswer&) = delete;
  OwedAnswer& operator=(const OwedAnswer&) = delete;

  void Give(absl::StatusOr<CredentialsToTry> answer) {
    std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  CredentialFinder::Done done_;
};

// One Find that waits for several plugins.
//
// Threads: safe to share.
class Gathering {
 public:
  Gathering(Reference image, CredentialsToTry from_files, size_t plugins,
            std::shared_ptr<OwedAnswer> owed)
      : image_(std::move(image)),
        found_(std::move(from_files)),
        owed_(std::move(owed)),
        answers_(plugins),
        missing_(plugins) {}

  // `place`: of the plugin among the asked. The last one answers.
  void Take(size_t place, absl::StatusOr<ProviderPlugin::Entries> entries) {
    {
      MutexLock lock(mutex_);
      if (entries.ok()) {
        answers_[place] = *std::move(entries);
      } else if (absl::IsCancelled(entries.status())) {
        cancelled_ = entries.status();
      } else {
        found_.unread = std::string(entries.status().message());
      }
      if (--missing_ > 0) return;
      AddAnswers();
    }
    if (cancelled_.ok()) {
      owed_->Give(std::move(found_));
    } else {
      owed_->Give(cancelled_);
    }
  }

 private:
  // In one keyring, as the kubelet has them.
  void AddAnswers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Keyring keyring;
    for (ProviderPlugin::Entries& answer : answers_) {
      for (KeyringEntry& entry : answer) keyring.Add(std::move(entry));
    }
    AppendNew(keyring.Find(image_), found_.credentials);
  }

  const Reference image_;
  // These belong to the last Take once nothing is missing.
  CredentialsToTry found_;
  absl::Status cancelled_;
  const std::shared_ptr<OwedAnswer> owed_;

  Mutex mutex_;
  std::vector<ProviderPlugin::Entries> answers_ ABSL_GUARDED_BY(mutex_);
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
        warnings_->Add(absl::StrCat("plugin ", provider.name,
                                    ": needs a pod's service account, which "
                                    "only the kubelet can give it"));
        continue;
      }
      std::string program = absl::StrCat(folder, "/", provider.name);
      plugins_.push_back(std::make_unique<ProviderPlugin>(
          std::move(provider), std::move(program), options_.provider_timeout,
          ProviderPlugin::World{host, clock, *warnings_}));
    }
    return absl::OkStatus();
  }

  void Find(const Reference& image, const std::string& secret,
            Done done) override {
    reading_.Add([image, secret, from_files = from_files_, self = self_,
                  owed = std::make_shared<OwedAnswer>(std::move(done))] {
      absl::StatusOr<CredentialsToTry> found = from_files->Find(image, secret);
      MutexLock lock(self->mutex);
      if (self->finder == nullptr) return;
      if (found.ok() && secret.empty()) {
        self->finder->AskPlugins(image, *std::move(found), owed);
      } else {
        owed->Give(std::move(found));
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
  // The finder as a read sees it that may outlive it.
  struct Self {
    explicit Self(SystemCredentialFinder* it) : finder(it) {}

    Mutex mutex;
    SystemCredentialFinder* finder ABSL_GUARDED_BY(mutex);
  };

  void AskPlugins(const Reference& image, CredentialsToTry from_files,
                  std::shared_ptr<OwedAnswer> owed) {
    std::vector<ProviderPlugin*> asked;
    for (const std::unique_ptr<ProviderPlugin>& plugin : plugins_) {
      if (plugin->Matches(image)) asked.push_back(plugin.get());
    }
    if (asked.empty()) return owed->Give(std::move(from_files));
    const auto gathering = std::make_shared<Gathering>(
        image, std::move(from_files), asked.size(), std::move(owed));
    for (size_t i = 0; i < asked.size(); ++i) {
      asked[i]->Ask(image,
                    [gathering, i](absl::StatusOr<ProviderPlugin::Entries> e) {
                      gathering->Take(i, std::move(e));
                    });
    }
  }

  const CredentialOptions options_;
  FileSystem& files_;
  const std::shared_ptr<Warnings> warnings_;
  const std::shared_ptr<FileCredentials> from_files_;
  const std::shared_ptr<Self> self_;
  // Behind what they refer to, since their threads end with them.
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
