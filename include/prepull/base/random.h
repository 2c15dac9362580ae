// Chance: names that must not collide, and dice for jitter.
#ifndef PREPULL_BASE_RANDOM_H_
#define PREPULL_BASE_RANDOM_H_

#include <functional>
#include <string>

namespace prepull {

// A number in [0, 1). Policies take it as a parameter, so tests choose it.
using RollDice = std::function<double()>;

// Dice seeded from the system. Threads: one thread per object.
RollDice SystemDice();

// `bytes` random bytes from the kernel as lower case hex digits.
std::string RandomHex(int bytes);

}  // namespace prepull

#endif  // PREPULL_BASE_RANDOM_H_
