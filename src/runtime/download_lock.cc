#include "src/runtime/download_lock.h"

#include <functional>
#include <utility>

#include "prepull/base/mutex.h"
#include "src/runtime/containerd_call.h"

namespace prepull {
namespace {

namespace content = ::containerd::services::content::v1;

// A Content/Write of one question: the answer means that the lock is ours. Then
// it either aborts the download and ends, or lasts until the runtime ends it.
class LockCall : public AsyncCall {
 public:
  // Gets whether it had the lock, and how it ended.
  using Done = std::function<void(bool was_locked, absl::Status end)>;

  LockCall(const DownloadRef& download, bool aborts, Done done)
      : content_(download.content), aborts_(aborts), done_(std::move(done)) {
    question_.set_ref(download.ref);
    abort_.set_ref(download.ref);
    SetNamespace(context_);
    SetNamespace(abort_context_);
  }

  void EndIn(absl::Duration timeout) {
    context_.set_deadline(DeadlineIn(timeout));
    abort_context_.set_deadline(DeadlineIn(timeout));
  }

  // Keeps the download with this lease, and waits for a runtime that is away.
  void HoldWith(const std::string& lease_id) {
    context_.AddMetadata("containerd-lease", lease_id);
    context_.set_wait_for_ready(true);
  }

  void Start(grpc::CompletionQueue& queue) {
    queue_ = &queue;
    stream_ = content_.PrepareAsyncWrite(&context_, &queue);
    stream_->StartCall(this);
  }

  bool OnStep(bool ok) override {
    if (step_ == Step::kFinish) {
      const absl::Status end =
          aborts_ && is_locked_ ? ResultOf(abort_status_) : Result();
      // The callback may own this call.
      std::exchange(done_, nullptr)(is_locked_, end);
      return true;
    }
    if (!ok) {
      step_ = Step::kFinish;
      stream_->Finish(&status_, this);
      return false;
    }
    Next();
    return false;
  }

  void Cancel() override {
    AsyncCall::Cancel();
    abort_context_.TryCancel();
  }

 private:
  // What is on the queue.
  enum class Step { kOpen, kAsk, kLock, kAbort, kClose, kRest, kFinish };

  void Next() {
    switch (step_) {
      case Step::kOpen:
        step_ = Step::kAsk;
        stream_->Write(question_, this);
        break;
      case Step::kLock:
        is_locked_ = true;
        if (aborts_) {
          step_ = Step::kAbort;
          reader_ = content_.AsyncAbort(&abort_context_, abort_, queue_);
          reader_->Finish(&nothing_, &abort_status_, this);
          break;
        }
        [[fallthrough]];
      case Step::kClose:
      case Step::kRest:
        step_ = Step::kRest;
        stream_->Read(&answer_, this);
        break;
      case Step::kAsk:
        step_ = Step::kLock;
        stream_->Read(&answer_, this);
        break;
      case Step::kAbort:
        step_ = Step::kClose;
        stream_->WritesDone(this);
        break;
      case Step::kFinish:
        break;
    }
  }

  content::Content::Stub& content_;
  const bool aborts_;
  Done done_;
  Step step_ = Step::kOpen;
  bool is_locked_ = false;
  grpc::CompletionQueue* queue_ = nullptr;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<content::WriteContentRequest,
                                                content::WriteContentResponse>>
      stream_;
  content::WriteContentRequest question_;
  content::WriteContentResponse answer_;
  grpc::ClientContext abort_context_;
  content::AbortRequest abort_;
  google::protobuf::Empty nothing_;
  grpc::Status abort_status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<google::protobuf::Empty>>
      reader_;
};

// Opens its download again when the runtime ends the call that held it. A call
// that never had the lock is made once more: the runtime may have ended between
// the lock and its answer.
class Hold : public std::enable_shared_from_this<Hold> {
 public:
  Hold(const DownloadRef& download, const std::string& lease_id)
      : download_(download), lease_id_(lease_id) {}

  void Open() {
    MutexLock lock(mutex_);
    if (is_cancelled_) return;
    auto call = std::make_shared<LockCall>(
        download_, /*aborts=*/false,
        [self = shared_from_this()](bool was_locked, const absl::Status&) {
          if (self->MayOpenAgain(was_locked)) self->Open();
        });
    call->HoldWith(lease_id_);
    call_ = download_.calls.Run(std::move(call));
  }

  void Cancel() {
    MutexLock lock(mutex_);
    is_cancelled_ = true;
    if (call_ != nullptr) call_->Cancel();
  }

 private:
  bool MayOpenAgain(bool was_locked) {
    MutexLock lock(mutex_);
    const bool may = was_locked || had_lock_;
    had_lock_ = was_locked;
    return may;
  }

  const DownloadRef download_;
  const std::string lease_id_;
  Mutex mutex_;
  // The call before this one; the first has one try more in any case.
  bool had_lock_ ABSL_GUARDED_BY(mutex_) = true;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<RunningCall> call_ ABSL_GUARDED_BY(mutex_);
};

class HoldHandle : public RunningCall {
 public:
  explicit HoldHandle(std::shared_ptr<Hold> hold) : hold_(std::move(hold)) {}
  void Cancel() override { hold_->Cancel(); }

 private:
  const std::shared_ptr<Hold> hold_;
};

}  // namespace

std::unique_ptr<RunningCall> DropDownload(const DownloadRef& download,
                                          absl::Duration timeout,
                                          CallDone done) {
  auto call = std::make_shared<LockCall>(
      download, /*aborts=*/true,
      [done = std::move(done)](bool, const absl::Status& end) {
        done(absl::IsNotFound(end) ? absl::OkStatus() : end);
      });
  call->EndIn(timeout);
  return download.calls.Run(std::move(call));
}

std::unique_ptr<RunningCall> HoldDownload(const DownloadRef& download,
                                          const std::string& lease_id) {
  auto hold = std::make_shared<Hold>(download, lease_id);
  hold->Open();
  return std::make_unique<HoldHandle>(std::move(hold));
}

}  // namespace prepull
