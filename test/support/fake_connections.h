// A runtime's connections in memory, as a test says that they are.
// Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_CONNECTIONS_H_
#define PREPULL_TEST_SUPPORT_FAKE_CONNECTIONS_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "prepull/runtime/connections.h"

namespace prepull {

class FakeConnections : public Connections {
 public:
  using Answer = absl::StatusOr<std::vector<Connection>>;

  // What is open now; a test changes it as it likes.
  std::vector<Connection> open;
  // What the next List calls answer, in order; behind them `open` is.
  std::deque<Answer> script;
  // Called before each List: bytes come, time passes, connections end.
  std::function<void()> before_list = [] {};
  // What ShutDown answers, if it is an error.
  absl::Status error;

  // The calls so far.
  int lists = 0;
  std::vector<uint64_t> shut_down;

  Answer List() override {
    ++lists;
    before_list();
    if (script.empty()) return open;
    Answer next = std::move(script.front());
    script.pop_front();
    return next;
  }

  absl::Status ShutDown(uint64_t id) override {
    shut_down.push_back(id);
    if (!error.ok()) return error;
    open.erase(
        std::remove_if(open.begin(), open.end(),
                       [id](const Connection& each) { return each.id == id; }),
        open.end());
    return absl::OkStatus();
  }
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_CONNECTIONS_H_
