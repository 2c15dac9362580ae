// A channel of an operator catalogue as a graph of upgrades, and its head: what
// a new installation gets. Pure.
#ifndef PREPULL_CATALOG_CHANNEL_HEAD_H_
#define PREPULL_CATALOG_CHANNEL_HEAD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prepull {

// A bundle in a channel. Its skipRange is missing on purpose: it has no say in
// what the head is.
struct ChannelEntry {
  std::string name = "";
  std::string replaces = "";
  std::vector<std::string> skips = {};
  std::string version = "";  // the bundle's, from its olm.package property
};

// "a, b, c and 7 more": for sentences about catalogues of any size.
std::string SomeOf(const std::vector<std::string>& names);

// "there is a, b and c", or "there is none".
std::string ThereIs(const std::vector<std::string>& names);

// The only entry that no entry replaces or skips. Errors: INVALID_ARGUMENT
// there is none, or more than one; names the candidates.
// Source: Channel.Head in
// https://github.com/operator-framework/operator-registry (alpha/model).
absl::StatusOr<std::string> ChannelHead(
    const std::vector<ChannelEntry>& entries);

}  // namespace prepull

#endif  // PREPULL_CATALOG_CHANNEL_HEAD_H_
