// What a run touches of the world.
#ifndef PREPULL_NODE_RUN_CONTEXT_H_
#define PREPULL_NODE_RUN_CONTEXT_H_

#include "prepull/auth/credential_finder.h"
#include "prepull/base/clock.h"
#include "prepull/base/random.h"
#include "prepull/run/run_observer.h"
#include "prepull/runtime/container_runtime.h"

namespace prepull {

// All of it outlives the run.
struct RunContext {
  ContainerRuntime& runtime;
  Clock& clock;
  RollDice roll_dice;
  RunObserver& observer;
  CredentialFinder* credentials = nullptr;  // null: every pull is anonymous
};

}  // namespace prepull

#endif  // PREPULL_NODE_RUN_CONTEXT_H_
