#include "prepull/base/random.h"

#include <sys/random.h>

#include <cassert>
#include <memory>
#include <random>

#include "absl/strings/escaping.h"

namespace prepull {
namespace {

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  // Up to 256 bytes come whole and without interruption (getrandom(2)).
  assert(count <= 256);
  const ssize_t got = getrandom(bytes.data(), count, 0);
  assert(got == static_cast<ssize_t>(count));
  static_cast<void>(got);
  return bytes;
}

}  // namespace

std::string RandomHex(int bytes) {
  return absl::BytesToHexString(RandomBytes(bytes));
}

RollDice SystemDice() {
  const std::string bytes = RandomBytes(32);
  std::seed_seq seed(bytes.begin(), bytes.end());
  auto engine = std::make_shared<std::mt19937_64>(seed);
  return [engine] {
    return std::uniform_real_distribution<double>(0.0, 1.0)(*engine);
  };
}

}  // namespace prepull
