#include "test/support/cri/fake_cri_server.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cri/image_service.grpc.pb.h"
#include "cri/runtime_service.grpc.pb.h"
#include "test/support/cri/cri_listener.h"
#include "test/support/cri/reactor.h"
#include "test/support/cri/stored_image.h"
#include "test/support/cri/timer.h"

namespace prepull {
namespace {

namespace cri = ::runtime::v1;

constexpr auto kPatience = std::chrono::seconds(30);

}  // namespace

class FakeCriServer::Server : public cri::ImageService::CallbackService,
                              public cri::RuntimeService::CallbackService {
 public:
  explicit Server(std::string socket)
      : listener(std::move(socket),
                 {static_cast<cri::ImageService::CallbackService*>(this),
                  static_cast<cri::RuntimeService::CallbackService*>(this)}) {}

  grpc::ServerUnaryReactor* Version(grpc::CallbackServerContext*,
                                    const cri::VersionRequest*,
                                    cri::VersionResponse* response) override {
    auto* reactor = new Reactor;
    std::unique_lock lock(mutex);
    ++questions;
    response->set_version("0.1.0");
    response->set_runtime_name(runtime_name);
    response->set_runtime_version(version);
    response->set_runtime_api_version("v1");
    Answer(reactor, version_error, lock);
    return reactor;
  }

  grpc::ServerUnaryReactor* ListImages(
      grpc::CallbackServerContext*, const cri::ListImagesRequest*,
      cri::ListImagesResponse* response) override {
    auto* reactor = new Reactor;
    std::unique_lock lock(mutex);
    ++lists;
    if (list_error.ok() && mode == Mode::kAnswers) {
      for (const auto& [name, image] : stored) *response->add_images() = image;
      last_list_bytes = static_cast<int64_t>(response->ByteSizeLong());
    }
    Answer(reactor, list_error, lock);
    return reactor;
  }

  grpc::ServerUnaryReactor* ImageStatus(
      grpc::CallbackServerContext*, const cri::ImageStatusRequest* request,
      cri::ImageStatusResponse* response) override {
    auto* reactor = new Reactor;
    std::unique_lock lock(mutex);
    absl::Status error = absl::UnimplementedError("unknown method");
    const auto info = infos.find(request->image().image());
    if (info != infos.end() && request->verbose()) {
      error = absl::OkStatus();
      response->mutable_image()->set_id(info->first);
      (*response->mutable_info())["info"] = info->second;
    }
    for (const auto& [name, image] : stored) {
      const bool is_meant = image.id() == request->image().image() ||
                            name == request->image().image();
      if (request->verbose() || !is_meant) continue;
      error = absl::OkStatus();
      *response->mutable_image() = image;
    }
    Answer(reactor, error, lock);
    return reactor;
  }

  grpc::ServerUnaryReactor* ImageFsInfo(
      grpc::CallbackServerContext*, const cri::ImageFsInfoRequest*,
      cri::ImageFsInfoResponse* response) override {
    auto* reactor = new Reactor;
    std::unique_lock lock(mutex);
    ++disk_questions;
    for (const std::string& mountpoint : mountpoints) {
      cri::FilesystemUsage* usage = response->add_image_filesystems();
      usage->mutable_fs_id()->set_mountpoint(mountpoint);
      usage->mutable_used_bytes()->set_value(1000);
    }
    Answer(reactor, absl::OkStatus(), lock);
    return reactor;
  }

  grpc::ServerUnaryReactor* PullImage(
      grpc::CallbackServerContext*, const cri::PullImageRequest* request,
      cri::PullImageResponse* response) override {
    auto* reactor = new Reactor;
    std::unique_lock lock(mutex);
    if (mode != Mode::kAnswers) {
      Answer(reactor, absl::OkStatus(), lock);
      return reactor;
    }
    const size_t pull = pulls.size();
    pulls.push_back({.image = request->image().image(), .started = ++events});
    const Attempt attempt = NextAttempt(pulls[pull].image);
    reactor->on_cancel = [this, pull] { OnCancel(pull); };
    open[pull] = {reactor, response, attempt};
    changed.notify_all();
    lock.unlock();
    if (attempt.takes == absl::ZeroDuration()) {
      End(pull, attempt.result);
    } else if (attempt.takes != absl::InfiniteDuration()) {
      timer.After(attempt.takes,
                  [this, pull, result = attempt.result] { End(pull, result); });
    }
    return reactor;
  }

  void Start() {
    {
      std::lock_guard lock(mutex);
      stopping = false;
    }
    listener.Start();
  }

  void Stop() {
    if (!listener.is_up()) return;
    std::vector<size_t> deaf;
    {
      std::lock_guard lock(mutex);
      stopping = true;
      for (const auto& [pull, call] : open) {
        if (pulls[pull].cancelled) deaf.push_back(pull);
      }
    }
    for (const size_t pull : deaf) End(pull, absl::CancelledError());
    listener.Stop();
  }

  void Release(int count) {
    std::vector<std::pair<size_t, absl::Status>> released;
    {
      std::lock_guard lock(mutex);
      for (const auto& [pull, call] : open) {
        if (static_cast<int>(released.size()) == count) break;
        if (call.attempt.takes != absl::InfiniteDuration()) continue;
        released.emplace_back(pull, call.attempt.result);
      }
    }
    for (const auto& [pull, result] : released) End(pull, result);
  }

  template <typename Condition>
  bool WaitUntil(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kPatience, condition);
  }

  struct OpenPull {
    Reactor* reactor = nullptr;
    cri::PullImageResponse* response = nullptr;
    Attempt attempt;
  };

  mutable std::mutex mutex;
  std::condition_variable changed;

  // All below is guarded by `mutex`, but for the listener and the timer.
  Mode mode = Mode::kAnswers;
  bool stopping = false;
  std::string runtime_name = "containerd";
  std::string version = "1.6.20";
  std::vector<std::string> mountpoints;
  std::map<std::string, std::string> infos;  // JSON by the image's id
  absl::Status version_error;
  absl::Status list_error;
  std::map<std::string, cri::Image> stored;
  std::map<std::string, std::vector<Attempt>> scripts;
  Attempt rest;
  std::vector<Pull> pulls;
  std::map<size_t, OpenPull> open;  // by number, so oldest first
  int events = 0;
  int questions = 0;
  int lists = 0;
  int disk_questions = 0;
  int64_t last_list_bytes = 0;

  CriListener listener;
  Timer timer;  // last: its events end before the rest does

 private:
  // Ends a call that is no pull; `lock` is open on return.
  void Answer(Reactor* reactor, const absl::Status& error,
              std::unique_lock<std::mutex>& lock) {
    changed.notify_all();
    const Mode now = mode;
    const grpc::Status status = ToGrpc(error);
    if (now == Mode::kSilent) {
      reactor->on_cancel = [reactor] {
        reactor->Finish(grpc::Status::CANCELLED);
      };
    }
    lock.unlock();
    if (now == Mode::kAnswers) reactor->Finish(status);
    if (now == Mode::kUnimplemented) {
      reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "unknown service"});
    }
  }

  Attempt NextAttempt(const std::string& image) {
    const auto script = scripts.find(image);
    if (script == scripts.end() || script->second.empty()) return rest;
    const Attempt attempt = script->second.front();
    if (script->second.size() > 1) {
      script->second.erase(script->second.begin());
    }
    return attempt;
  }

  void OnCancel(size_t pull) {
    bool ends = false;
    {
      std::lock_guard lock(mutex);
      const auto call = open.find(pull);
      if (call == open.end()) return;
      pulls[pull].cancelled = true;
      ends = call->second.attempt.hears_cancel || stopping;
      changed.notify_all();
    }
    if (ends) End(pull, absl::CancelledError());
  }

  void End(size_t pull, const absl::Status& result) {
    Reactor* reactor = nullptr;
    {
      std::lock_guard lock(mutex);
      const auto call = open.find(pull);
      if (call == open.end()) return;  // cancelled before its time
      reactor = call->second.reactor;
      pulls[pull].ended = ++events;
      if (result.ok()) {
        const std::string& image = pulls[pull].image;
        const cri::Image& now_stored = stored[image] = StoredAs(image);
        call->second.response->set_image_ref(now_stored.id());
      }
      open.erase(call);
      changed.notify_all();
    }
    reactor->Finish(ToGrpc(result));
  }
};

FakeCriServer::FakeCriServer(std::string socket)
    : server_(std::make_unique<Server>(std::move(socket))) {
  server_->Start();
}

FakeCriServer::~FakeCriServer() { server_->Stop(); }

const std::string& FakeCriServer::socket() const {
  return server_->listener.socket();
}

void FakeCriServer::Stop() { server_->Stop(); }

void FakeCriServer::Start() { server_->Start(); }

void FakeCriServer::Script(const std::string& image,
                           std::vector<Attempt> attempts) {
  std::lock_guard lock(server_->mutex);
  server_->scripts[image] = std::move(attempts);
}

void FakeCriServer::ScriptTheRest(const Attempt& attempt) {
  std::lock_guard lock(server_->mutex);
  server_->rest = attempt;
}

void FakeCriServer::Release(int pulls) { server_->Release(pulls); }

void FakeCriServer::Store(const std::string& image) {
  std::lock_guard lock(server_->mutex);
  server_->stored[image] = StoredAs(image);
}

void FakeCriServer::StoreTags(absl::string_view repository, int count) {
  for (int i = 1; i <= count; ++i) Store(absl::StrCat(repository, ":", i));
}

void FakeCriServer::Remove(const std::string& image) {
  std::lock_guard lock(server_->mutex);
  server_->stored.erase(image);
}

void FakeCriServer::BuiltFor(const std::string& image, const std::string& os,
                             const std::string& architecture) {
  std::lock_guard lock(server_->mutex);
  server_->infos[StoredAs(image).id()] =
      absl::StrCat(R"({"imageSpec":{"os":")", os, R"(","architecture":")",
                   architecture, R"("}})");
}

void FakeCriServer::SetMode(Mode mode) {
  std::lock_guard lock(server_->mutex);
  server_->mode = mode;
}

void FakeCriServer::SetName(const std::string& name) {
  std::lock_guard lock(server_->mutex);
  server_->runtime_name = name;
}

void FakeCriServer::SetVersion(const std::string& version) {
  std::lock_guard lock(server_->mutex);
  server_->version = version;
}

void FakeCriServer::SetImageFileSystems(
    const std::vector<std::string>& mountpoints) {
  std::lock_guard lock(server_->mutex);
  server_->mountpoints = mountpoints;
}

void FakeCriServer::FailVersion(const absl::Status& error) {
  std::lock_guard lock(server_->mutex);
  server_->version_error = error;
}

void FakeCriServer::FailListImages(const absl::Status& error) {
  std::lock_guard lock(server_->mutex);
  server_->list_error = error;
}

bool FakeCriServer::WaitUntilRunning(int pulls) {
  return server_->WaitUntil([this, pulls] {
    return static_cast<int>(server_->open.size()) == pulls;
  });
}

bool FakeCriServer::WaitUntilStarted(int pulls) {
  return server_->WaitUntil([this, pulls] {
    return static_cast<int>(server_->pulls.size()) >= pulls;
  });
}

bool FakeCriServer::WaitUntilCancelled(int pulls) {
  return server_->WaitUntil([this, pulls] {
    return std::count_if(server_->pulls.begin(), server_->pulls.end(),
                         [](const Pull& pull) { return pull.cancelled; }) >=
           pulls;
  });
}

bool FakeCriServer::WaitUntilAsked(int times) {
  return server_->WaitUntil(
      [this, times] { return server_->questions >= times; });
}

bool FakeCriServer::WaitUntilListed(int times) {
  return server_->WaitUntil([this, times] { return server_->lists >= times; });
}

std::vector<FakeCriServer::Pull> FakeCriServer::pulls() const {
  std::lock_guard lock(server_->mutex);
  return server_->pulls;
}

int FakeCriServer::lists() const {
  std::lock_guard lock(server_->mutex);
  return server_->lists;
}

int FakeCriServer::disk_questions() const {
  std::lock_guard lock(server_->mutex);
  return server_->disk_questions;
}

int64_t FakeCriServer::last_list_bytes() const {
  std::lock_guard lock(server_->mutex);
  return server_->last_list_bytes;
}

}  // namespace prepull
