// A call to the runtime that is under way.
#ifndef PREPULL_RUNTIME_RUNNING_CALL_H_
#define PREPULL_RUNTIME_RUNNING_CALL_H_

namespace prepull {

// Destroying it does not end the call; Cancel does, and the call's callback
// still comes. Threads: Cancel from any.
class RunningCall {
 public:
  virtual ~RunningCall() = default;
  virtual void Cancel() = 0;
};

}  // namespace prepull

#endif  // PREPULL_RUNTIME_RUNNING_CALL_H_
