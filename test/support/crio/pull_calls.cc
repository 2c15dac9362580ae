#include "test/support/crio/pull_calls.h"

#include <algorithm>
#include <utility>

namespace prepull {

void PullCalls::Start(const std::string& key, Pull pull, Reactor* reactor,
                      ::runtime::v1::PullImageResponse* response) {
  reactor->on_cancel = [this, key, reactor] { OnCancel(key, reactor); };
  std::vector<std::jthread> ended;
  MutexLock lock(mutex_);
  ended.swap(ended_);
  Running& running = running_[key];
  running.callers.push_back({reactor, response});
  if (running.thread.joinable()) return;
  running.thread =
      std::jthread([this, key, pull = std::move(pull)](std::stop_token stop) {
        End(key, pull(std::move(stop)));
      });
}

void PullCalls::OnCancel(const std::string& key, Reactor* reactor) {
  {
    MutexLock lock(mutex_);
    const auto running = running_.find(key);
    if (running == running_.end()) return;
    std::vector<Caller>& callers = running->second.callers;
    const auto caller = std::find_if(
        callers.begin(), callers.end(),
        [&](const Caller& each) { return each.reactor == reactor; });
    if (caller == callers.end()) return;
    if (caller == callers.begin()) {
      running->second.thread.request_stop();
      return;
    }
    callers.erase(caller);
  }
  reactor->Finish(grpc::Status::CANCELLED);
}

void PullCalls::End(const std::string& key,
                    const absl::StatusOr<std::string>& id) {
  std::vector<Caller> callers;
  {
    MutexLock lock(mutex_);
    const auto running = running_.find(key);
    callers = std::move(running->second.callers);
    ended_.push_back(std::move(running->second.thread));
    running_.erase(running);
  }
  for (const Caller& caller : callers) {
    if (id.ok()) caller.response->set_image_ref(*id);
    caller.reactor->Finish(ToGrpc(id.status()));
  }
}

}  // namespace prepull
