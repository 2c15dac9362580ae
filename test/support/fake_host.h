// A host in memory: an environment, an input and two streams that a test
// looks at. Not thread-safe; a Console before it is.
#ifndef PREPULL_TEST_SUPPORT_FAKE_HOST_H_
#define PREPULL_TEST_SUPPORT_FAKE_HOST_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "prepull/base/host.h"

namespace prepull {

class FakeHost : public Host {
 public:
  std::optional<std::string> Environment(
      const std::string& name) const override {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  }
  std::string HostName() const override { return "fake-host"; }
  bool IsTerminal(Stream stream) const override {
    return stream == Stream::kOut ? out_is_terminal : err_is_terminal;
  }
  WindowSize Window() const override { return window; }
  absl::Status Write(Stream stream, absl::string_view text) override {
    const absl::Status& error = stream == Stream::kOut ? out_error : err_error;
    if (!error.ok()) return error;
    writes.emplace_back(stream, text);
    return absl::OkStatus();
  }
  bool IsBehind(Stream stream) const override {
    return stream == Stream::kErr && err_is_behind;
  }
  absl::Status Flush(Instant, const std::stop_token&) override {
    return out_error;
  }
  absl::StatusOr<std::string> ReadInput(int64_t, Instant,
                                        const std::stop_token&) override {
    return input;
  }

  absl::StatusOr<ChildOutput> RunChild(const ChildCommand& command,
                                       Instant until,
                                       const std::stop_token& stop) override {
    if (child) return child(command, until, stop);
    return absl::NotFoundError("start: no such file or directory");
  }

  // Everything that was written to `stream`.
  std::string Text(Stream stream) const {
    std::string text;
    for (const auto& [to, part] : writes) {
      if (to == stream) text += part;
    }
    return text;
  }

  std::map<std::string, std::string> environment;
  absl::StatusOr<std::string> input = "";
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  WindowSize window;
  bool err_is_behind = false;
  absl::Status out_error;  // what the next writes end with
  absl::Status err_error;
  // Plays the child processes, on whatever thread runs them.
  std::function<absl::StatusOr<ChildOutput>(const ChildCommand&, Instant,
                                            const std::stop_token&)>
      child;
  std::vector<std::pair<Stream, std::string>> writes;  // in their order
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_HOST_H_
