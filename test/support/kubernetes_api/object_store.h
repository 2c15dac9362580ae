// The objects of the fake API server with their history, as etcd keeps them.
//
// It knows versions and what belongs to whom, and nothing of requests. Threads:
// of one at a time.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_OBJECT_STORE_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_OBJECT_STORE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"
#include "test/support/kubernetes_api/selector.h"

namespace boost::json {
class value;
}

namespace prepull {

// What a manager has applied last, as JSON, or "".
struct AppliedIntents {
  std::string object = "";
  std::string status = "";
};

// One version of an object.
struct StoredObject {
  std::string name = "";
  std::string name_space = "";
  std::string uid = "";
  int64_t version = 0;
  ObjectLabels labels = {};
  std::vector<std::string> owners = {};  // their uids
  AppliedIntents applied = {};
  std::string text = "";  // JSON, which begins with apiVersion and kind
  size_t type_size = 0;   // of the text before the rest of it

  // "namespace/name", or "name".
  std::string key() const;
  // As it stands in a list: without apiVersion and kind.
  std::string item() const { return "{" + text.substr(type_size); }
};
using StoredPtr = std::shared_ptr<const StoredObject>;

struct StoreEvent {
  int64_t version = 0;
  StoredPtr before = nullptr;  // null: it is new
  StoredPtr after = nullptr;   // of a deletion: as it was, in that version
  bool is_deletion = false;
  Instant at = {};
};

class ObjectStore {
 public:
  // Of the history of each collection; what is older counts as compacted.
  struct Limits {
    size_t events = 50'000;
    size_t bytes = 64 << 20;
  };
  // Collection and key.
  using Place = std::pair<std::string, std::string>;

  // Something that happened in a collection.
  struct News {
    std::string collection;
    StoreEvent event;
  };

  explicit ObjectStore(const Limits& limits) : limits_(limits) {}

  // Of the newest change.
  int64_t version() const { return version_; }

  // Null if there is none.
  StoredPtr Find(const std::string& collection, const std::string& key) const;

  // Stores `object`, which has a name and a uid, in a new version.
  StoredPtr Put(const std::string& collection, boost::json::value object,
                AppliedIntents applied, Instant now);

  void Erase(const std::string& collection, const std::string& key,
             Instant now);

  // What the owner of that uid owns.
  std::vector<Place> OwnedBy(const std::string& uid) const;

  // Returns the objects as they were at `version`, by key; nothing if that is
  // compacted.
  std::optional<std::map<std::string, StoredPtr>> ListAt(
      const std::string& collection, int64_t version) const;

  // The number of objects.
  size_t Size(const std::string& collection) const;

  // Whether what followed `version` is known no more.
  bool IsCompacted(const std::string& collection, int64_t version) const;
  // Whether there was something of that collection among it.
  bool HasLost(const std::string& collection, int64_t version) const;

  // The first event after `version`, or null.
  const StoreEvent* EventAfter(const std::string& collection,
                               int64_t version) const;

  // Forgets all history.
  void Compact();

  // What has happened since the last call.
  std::vector<News> TakeNews() { return std::exchange(news_, {}); }

 private:
  struct Collection {
    std::map<std::string, StoredPtr> objects;
    std::deque<StoreEvent> history;
    size_t bytes = 0;
    int64_t lost = 0;  // the newest event that is forgotten
  };

  const Collection& In(const std::string& collection) const;
  void Record(const std::string& collection, StoreEvent event);
  void Own(const Place& place, const StoredObject* before,
           const StoredObject* after);

  const Limits limits_;
  int64_t version_ = 1;
  int64_t compacted_ = 0;
  std::map<std::string, Collection> collections_;
  std::vector<News> news_;
  std::map<std::string, std::set<Place>> owned_;  // by the owner's uid
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_OBJECT_STORE_H_
