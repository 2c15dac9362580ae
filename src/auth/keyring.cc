#include "src/auth/keyring.h"

#include <algorithm>

namespace prepull {

std::vector<Credential> Keyring::Find(const Reference& image) const {
  std::vector<const KeyringEntry*> matching;
  for (const KeyringEntry& entry : entries_) {
    if (entry.pattern.Matches(image)) matching.push_back(&entry);
  }
  std::stable_sort(matching.begin(), matching.end(),
                   [](const KeyringEntry* a, const KeyringEntry* b) {
                     return a->pattern.specificity() > b->pattern.specificity();
                   });
  std::vector<Credential> credentials;
  credentials.reserve(matching.size());
  for (const KeyringEntry* entry : matching) {
    credentials.push_back(entry->credential);
  }
  return credentials;
}

void AppendNew(const std::vector<Credential>& more,
               std::vector<Credential>& credentials) {
  for (const Credential& credential : more) {
    if (std::find(credentials.begin(), credentials.end(), credential) ==
        credentials.end()) {
      credentials.push_back(credential);
    }
  }
}

}  // namespace prepull
