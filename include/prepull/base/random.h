// Randomness: names that must not collide, and dice for jitter.
#ifndef PREPULL_BASE_RANDOM_H_
#define PREPULL_BASE_RANDOM_H_

#include <functional>
#include <string>

namespace prepull {

// Returns a number in [0, 1). A parameter of policies, so that tests choose it.
using RollDice = std::function<double()>;

// Returns dice seeded from the system. Threads: one per object.
RollDice SystemDice();

// Returns `bytes` random bytes from the kernel as lower-case hex digits.
std::string RandomHex(int bytes);

}  // namespace prepull

#endif  // PREPULL_BASE_RANDOM_H_
