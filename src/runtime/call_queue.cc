#include "src/runtime/call_queue.h"

namespace prepull {
namespace {

class CallHandle : public RunningCall {
 public:
  explicit CallHandle(std::shared_ptr<AsyncCall> call)
      : call_(std::move(call)) {}
  void Cancel() override { call_->Cancel(); }

 private:
  std::shared_ptr<AsyncCall> call_;
};

}  // namespace

CallQueue::CallQueue() : thread_([this] { Serve(); }) {}

// gRPC forbids a new step after Shutdown, and a stream needs steps to end: so
// the queue is shut down when the last call is over.
CallQueue::~CallQueue() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    for (const auto& call : open_) call->Cancel();
    if (open_.empty()) queue_.Shutdown();
  }
  thread_.join();
}

std::unique_ptr<RunningCall> CallQueue::Add(std::shared_ptr<AsyncCall> call) {
  {
    MutexLock lock(mutex_);
    open_.insert(call);
    if (closing_) call->Cancel();  // a callback started it
  }
  return std::make_unique<CallHandle>(std::move(call));
}

void CallQueue::Serve() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    const std::shared_ptr<AsyncCall> call =
        static_cast<AsyncCall*>(tag)->shared_from_this();
    if (!call->OnStep(ok)) continue;
    MutexLock lock(mutex_);
    open_.erase(call);
    if (closing_ && open_.empty()) queue_.Shutdown();
  }
}

}  // namespace prepull
