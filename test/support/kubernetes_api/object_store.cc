#include "test/support/kubernetes_api/object_store.h"

#include <algorithm>
#include <boost/json.hpp>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

namespace json = boost::json;

std::string TextIn(const json::object& object, json::string_view key) {
  const json::value* member = object.if_contains(key);
  if (member == nullptr || !member->is_string()) return "";
  return std::string(member->get_string());
}

// Sets the version, and reads what the store must know.
StoredPtr MakeStored(json::value object, int64_t version,
                     AppliedIntents applied) {
  json::object& members = object.as_object();
  json::object& metadata = members["metadata"].as_object();
  metadata["resourceVersion"] = absl::StrCat(version);
  auto stored = std::make_shared<StoredObject>();
  stored->name = TextIn(metadata, "name");
  stored->name_space = TextIn(metadata, "namespace");
  stored->uid = TextIn(metadata, "uid");
  stored->version = version;
  stored->applied = std::move(applied);
  const json::value* labels = metadata.if_contains("labels");
  if (labels != nullptr && labels->is_object()) {
    for (const auto& label : labels->get_object()) {
      if (!label.value().is_string()) continue;
      stored->labels[label.key()] = std::string(label.value().get_string());
    }
  }
  const json::value* owners = metadata.if_contains("ownerReferences");
  if (owners != nullptr && owners->is_array()) {
    for (const json::value& owner : owners->get_array()) {
      if (!owner.is_object()) continue;
      stored->owners.push_back(TextIn(owner.get_object(), "uid"));
    }
  }
  const json::object type = {{"apiVersion", TextIn(members, "apiVersion")},
                             {"kind", TextIn(members, "kind")}};
  members.erase("apiVersion");
  members.erase("kind");
  stored->text = json::serialize(type);
  stored->text.back() = ',';
  stored->type_size = stored->text.size();
  stored->text += json::serialize(object).substr(1);
  return stored;
}

size_t CostOf(const StoreEvent& event) {
  return 200 + event.after->text.size();
}

}  // namespace

std::string StoredObject::key() const {
  return name_space.empty() ? name : absl::StrCat(name_space, "/", name);
}

const ObjectStore::Collection& ObjectStore::In(
    const std::string& collection) const {
  static const Collection kEmpty;
  const auto found = collections_.find(collection);
  return found == collections_.end() ? kEmpty : found->second;
}

StoredPtr ObjectStore::Find(const std::string& collection,
                            const std::string& key) const {
  const Collection& in = In(collection);
  const auto found = in.objects.find(key);
  return found == in.objects.end() ? nullptr : found->second;
}

StoredPtr ObjectStore::Put(const std::string& collection, json::value object,
                           AppliedIntents applied, Instant now) {
  const StoredPtr after =
      MakeStored(std::move(object), ++version_, std::move(applied));
  Collection& in = collections_[collection];
  StoredPtr& slot = in.objects[after->key()];
  Own({collection, after->key()}, slot.get(), after.get());
  const StoredPtr before = std::exchange(slot, after);
  Record(collection, {version_, before, after, false, now});
  return after;
}

void ObjectStore::Erase(const std::string& collection, const std::string& key,
                        Instant now) {
  Collection& in = collections_[collection];
  const auto found = in.objects.find(key);
  if (found == in.objects.end()) return;
  const StoredPtr before = found->second;
  const StoredPtr after =
      MakeStored(json::parse(before->text), ++version_, before->applied);
  in.objects.erase(found);
  Own({collection, key}, before.get(), nullptr);
  Record(collection, {version_, before, after, true, now});
}

std::vector<ObjectStore::Place> ObjectStore::OwnedBy(
    const std::string& uid) const {
  const auto found = owned_.find(uid);
  if (found == owned_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void ObjectStore::Own(const Place& place, const StoredObject* before,
                      const StoredObject* after) {
  if (before != nullptr) {
    for (const std::string& uid : before->owners) {
      const auto found = owned_.find(uid);
      if (found == owned_.end()) continue;
      found->second.erase(place);
      if (found->second.empty()) owned_.erase(found);
    }
  }
  if (after == nullptr) return;
  for (const std::string& uid : after->owners) owned_[uid].insert(place);
}

std::optional<std::map<std::string, StoredPtr>> ObjectStore::ListAt(
    const std::string& collection, int64_t version) const {
  if (IsCompacted(collection, version)) return std::nullopt;
  const Collection& in = In(collection);
  std::map<std::string, StoredPtr> objects = in.objects;
  for (auto event = in.history.rbegin();
       event != in.history.rend() && event->version > version; ++event) {
    const std::string key = event->after->key();
    if (event->before == nullptr) {
      objects.erase(key);
    } else {
      objects[key] = event->before;
    }
  }
  return objects;
}

size_t ObjectStore::Size(const std::string& collection) const {
  return In(collection).objects.size();
}

bool ObjectStore::IsCompacted(const std::string& collection,
                              int64_t version) const {
  return version < compacted_ || HasLost(collection, version);
}

bool ObjectStore::HasLost(const std::string& collection,
                          int64_t version) const {
  return version < In(collection).lost;
}

const StoreEvent* ObjectStore::EventAfter(const std::string& collection,
                                          int64_t version) const {
  const Collection& in = In(collection);
  const auto found =
      std::upper_bound(in.history.begin(), in.history.end(), version,
                       [](int64_t wanted, const StoreEvent& event) {
                         return wanted < event.version;
                       });
  return found == in.history.end() ? nullptr : &*found;
}

void ObjectStore::Compact() {
  compacted_ = version_;
  for (auto& [name, in] : collections_) {
    if (!in.history.empty()) in.lost = in.history.back().version;
    in.history.clear();
    in.bytes = 0;
  }
}

void ObjectStore::Record(const std::string& collection, StoreEvent event) {
  news_.push_back({collection, event});
  Collection& in = collections_[collection];
  in.bytes += CostOf(event);
  in.history.push_back(std::move(event));
  while (in.history.size() > limits_.events || in.bytes > limits_.bytes) {
    in.bytes -= CostOf(in.history.front());
    in.lost = in.history.front().version;
    in.history.pop_front();
  }
}

}  // namespace prepull
