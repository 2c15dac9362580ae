// Credentials by the registries they are for. Pure value.
#ifndef PREPULL_SRC_AUTH_KEYRING_H_
#define PREPULL_SRC_AUTH_KEYRING_H_

#include <utility>
#include <vector>

#include "prepull/auth/credential.h"
#include "prepull/image/reference.h"
#include "src/auth/registry_pattern.h"

namespace prepull {

struct KeyringEntry {
  RegistryPattern pattern;
  Credential credential;
};

class Keyring {
 public:
  void Add(KeyringEntry entry) { entries_.push_back(std::move(entry)); }

  // All that match `image`, the most specific first, those equally specific in
  // the order in which they were added.
  std::vector<Credential> Find(const Reference& image) const;

 private:
  std::vector<KeyringEntry> entries_;
};

// Appends those of `more` that `credentials` does not have yet.
void AppendNew(const std::vector<Credential>& more,
               std::vector<Credential>& credentials);

}  // namespace prepull

#endif  // PREPULL_SRC_AUTH_KEYRING_H_
