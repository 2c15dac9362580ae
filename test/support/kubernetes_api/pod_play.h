// What a node and the pods on it do, as a test scripts it. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_POD_PLAY_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_POD_PLAY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace prepull {

struct FakeTaint {
  std::string key = "";
  std::string value = "";
  std::string effect = "NoSchedule";
};

struct FakeNode {
  std::string name = "";
  // Besides those that each node has: kubernetes.io/hostname, os and arch.
  std::map<std::string, std::string> labels = {};
  std::vector<FakeTaint> taints = {};
  bool is_cordoned = false;
  std::string os = "linux";
  std::string runtime_version = "containerd://2.1.4";
  std::string kubelet_version = "v1.36.0";
  // In its status, as the kubelet lists them: 50 at most, some kilobytes.
  int images = 0;
};

struct PlayedFailure {
  size_t image = 0;  // its place in the list
  std::string reason = "NotFound";
  std::string message = "";
};

// One pod.
struct PodPlay {
  absl::Duration starts_after = absl::Seconds(1);
  absl::Duration takes = absl::Seconds(1);
  int exit_code = 0;
  std::vector<PlayedFailure> failures = {};
  size_t skipped = 0;  // images that were there, the first of the list
  // The whole termination message, in place of one that says the above.
  std::optional<std::string> message = std::nullopt;
  // It never starts: "ImagePullBackOff", and the kubelet's words behind it.
  std::string waiting = "";
  std::string waiting_message = "";
  bool hangs = false;       // it ends only when it is told to, with code 3
  bool is_deaf = false;     // nor then: it is killed, and leaves no message
  bool kills_node = false;  // in place of its end the node loses its power
};

// What the pod is to do.
struct PodTask {
  std::string node = "";
  std::string list_hash = "";
  size_t images = 0;
  int number = 0;  // of this node's pods, from 0
};

// The termination message: a line for people and the machine line, or what
// `play` says.
std::string TerminationMessageOf(const PodPlay& play, const PodTask& task);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_POD_PLAY_H_
