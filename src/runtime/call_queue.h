// The asynchronous calls of one client: a completion queue, its one thread,
// and what is on it, so that any number of calls costs one thread.
//
// Threads: calls are started from any thread. Callbacks come one at a time on
// the queue's thread and hold up all the others.
#ifndef PREPULL_SRC_RUNTIME_CALL_QUEUE_H_
#define PREPULL_SRC_RUNTIME_CALL_QUEUE_H_

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/base/mutex.h"
#include "prepull/runtime/running_call.h"
#include "src/runtime/grpc_status.h"

namespace prepull {

// One call: its tag on the completion queue. It has at most one step there at
// any time.
class AsyncCall : public std::enable_shared_from_this<AsyncCall> {
 public:
  virtual ~AsyncCall() = default;

  // The step on the queue has ended. Puts the next one there, or calls the
  // callback and returns true: the call is over.
  virtual bool OnStep(bool ok) = 0;

  virtual void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }

 protected:
  absl::Status Result() const { return ResultOf(status_); }
  absl::Status ResultOf(const grpc::Status& status) const {
    return FromGrpc(status, cancelled_);
  }

  grpc::ClientContext context_;
  grpc::Status status_;

 private:
  std::atomic<bool> cancelled_ = false;
};

// A call with one answer.
template <typename Answer>
class AnswerCall : public AsyncCall {
 public:
  using Done = std::function<void(absl::StatusOr<Answer>)>;

  explicit AnswerCall(Done done) : done_(std::move(done)) {}

  template <typename Begin>
  void Start(Begin begin, grpc::CompletionQueue& queue) {
    reader_ = begin(&context_, &queue);
    reader_->Finish(&answer_, &status_, this);
  }

  bool OnStep(bool) override {
    const absl::Status result = Result();
    if (result.ok()) {
      done_(std::move(answer_));
    } else {
      done_(result);
    }
    return true;
  }

 private:
  Done done_;
  Answer answer_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Answer>> reader_;
};

// Gives `done` what `convert` makes of the answer, or the error.
template <typename Answer, typename Value, typename Convert>
typename AnswerCall<Answer>::Done Converting(AnswerDone<Value> done,
                                             Convert convert) {
  return [done = std::move(done), convert](absl::StatusOr<Answer> answer) {
    if (!answer.ok()) {
      done(answer.status());
    } else {
      done(convert(*answer));
    }
  };
}

// Tells `done` how a call without an answer ended; `also_good` is OK, too.
template <typename Answer>
typename AnswerCall<Answer>::Done Ending(
    CallDone done, absl::StatusCode also_good = absl::StatusCode::kOk) {
  return [done = std::move(done),
          also_good](const absl::StatusOr<Answer>& answer) {
    done(answer.status().code() == also_good ? absl::OkStatus()
                                             : answer.status());
  };
}

// A call whose answer comes in parts.
template <typename Part>
class StreamCall : public AsyncCall {
 public:
  using Take = std::function<absl::Status(Part&)>;
  using Done = std::function<void(absl::Status)>;

  StreamCall(Take take, Done done)
      : take_(std::move(take)), done_(std::move(done)) {}

  template <typename Begin>
  void Start(Begin begin, grpc::CompletionQueue& queue) {
    reader_ = begin(&context_, &queue);
    reader_->StartCall(this);
  }

  bool OnStep(bool ok) override {
    if (step_ == Step::kFinish) {
      done_(taken_.ok() ? Result() : taken_);
      return true;
    }
    if (!ok) {
      step_ = Step::kFinish;
      reader_->Finish(&status_, this);
      return false;
    }
    if (step_ == Step::kRead) HandlePart();
    step_ = Step::kRead;
    reader_->Read(&part_, this);
    return false;
  }

 private:
  enum class Step { kStart, kRead, kFinish };

  // A refused part ends the call; what still comes is read and dropped.
  void HandlePart() {
    if (!taken_.ok()) return;
    taken_ = take_(part_);
    if (!taken_.ok()) context_.TryCancel();
  }

  Take take_;
  Done done_;
  Part part_;
  Step step_ = Step::kStart;
  absl::Status taken_;
  std::unique_ptr<grpc::ClientAsyncReader<Part>> reader_;
};

class CallQueue {
 public:
  CallQueue();

  // Cancels what is open and returns after the last callback.
  ~CallQueue();

  // `begin`: (ClientContext*, CompletionQueue*) -> what the stub's AsyncNAME
  // returns. `done` gets the answer once.
  template <typename Answer, typename Begin>
  std::unique_ptr<RunningCall> Ask(Begin begin,
                                   typename AnswerCall<Answer>::Done done) {
    auto call = std::make_shared<AnswerCall<Answer>>(std::move(done));
    std::unique_ptr<RunningCall> handle = Add(call);
    call->Start(std::move(begin), queue_);
    return handle;
  }

  // `begin` as above, of the stub's PrepareAsyncNAME. `take` gets each part
  // and ends the call by an error, which then is its result.
  template <typename Part, typename Begin>
  std::unique_ptr<RunningCall> Collect(Begin begin,
                                       typename StreamCall<Part>::Take take,
                                       typename StreamCall<Part>::Done done) {
    auto call =
        std::make_shared<StreamCall<Part>>(std::move(take), std::move(done));
    std::unique_ptr<RunningCall> handle = Add(call);
    call->Start(std::move(begin), queue_);
    return handle;
  }

  // A call of another kind, with a method Start(CompletionQueue&).
  template <typename Call>
  std::unique_ptr<RunningCall> Run(std::shared_ptr<Call> call) {
    std::unique_ptr<RunningCall> handle = Add(call);
    call->Start(queue_);
    return handle;
  }

 private:
  std::unique_ptr<RunningCall> Add(std::shared_ptr<AsyncCall> call);
  void Serve();

  grpc::CompletionQueue queue_;
  Mutex mutex_;
  absl::flat_hash_set<std::shared_ptr<AsyncCall>> open_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_RUNTIME_CALL_QUEUE_H_
