#include "test/support/kubernetes_api/json_patch.h"

#include <boost/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace prepull {
namespace {

namespace json = boost::json;

const json::value kNull;

const json::value& MemberOf(const json::value& object, json::string_view key) {
  const json::object* members = object.if_object();
  const json::value* found =
      members == nullptr ? nullptr : members->if_contains(key);
  return found == nullptr ? kNull : *found;
}

// Takes from the member what was applied to it; returns nothing of it where
// nothing is left.
void RemoveApplied(const json::value& before, json::string_view key,
                   json::object& from) {
  json::value* member = from.if_contains(key);
  if (member == nullptr) return;
  if (member->is_object() && before.is_object()) {
    for (const auto& each : before.get_object()) {
      RemoveApplied(each.value(), each.key(), member->get_object());
    }
    if (!member->get_object().empty()) return;
  }
  from.erase(key);
}

absl::Status NothingAt(absl::string_view path) {
  return absl::FailedPreconditionError(
      absl::StrCat("there is nothing at ", path));
}

// `path` in the folder that holds its last key.
struct Place {
  json::value* parent = nullptr;
  std::string key;
};

std::string Unescaped(absl::string_view part) {
  std::string text;
  for (size_t i = 0; i < part.size(); ++i) {
    const bool is_escape = part[i] == '~' && i + 1 < part.size();
    text += !is_escape ? part[i] : part[++i] == '1' ? '/' : '~';
  }
  return text;
}

json::value* Child(json::value& parent, const std::string& key) {
  if (json::object* object = parent.if_object()) {
    return object->if_contains(key);
  }
  json::array* array = parent.if_array();
  size_t index = 0;
  if (array == nullptr || key.empty()) return nullptr;
  for (const char digit : key) {
    if (digit < '0' || digit > '9') return nullptr;
    index = index * 10 + (digit - '0');
  }
  return array->if_contains(index);
}

Place FindPlace(absl::string_view path, json::value& root) {
  json::value* parent = &root;
  path.remove_prefix(1);
  while (parent != nullptr) {
    const size_t slash = path.find('/');
    const std::string key = Unescaped(path.substr(0, slash));
    if (slash == absl::string_view::npos) return {parent, key};
    parent = Child(*parent, key);
    path.remove_prefix(slash + 1);
  }
  return {};
}

absl::Status Add(const Place& place, absl::string_view path,
                 const json::value& value) {
  if (json::object* object = place.parent->if_object()) {
    object->insert_or_assign(place.key, value);
    return absl::OkStatus();
  }
  json::array* array = place.parent->if_array();
  if (array == nullptr) return NothingAt(path);
  if (place.key == "-" || place.key == std::to_string(array->size())) {
    array->push_back(value);
    return absl::OkStatus();
  }
  const json::value* at = Child(*place.parent, place.key);
  if (at == nullptr) return NothingAt(path);
  array->insert(array->begin() + (at - array->data()), value);
  return absl::OkStatus();
}

void Remove(const Place& place, const json::value& child) {
  if (json::object* object = place.parent->if_object()) {
    object->erase(place.key);
    return;
  }
  json::array& array = place.parent->get_array();
  array.erase(array.begin() + (&child - array.data()));
}

absl::Status Operate(const json::value& operation, json::value& root) {
  const json::value& op = MemberOf(operation, "op");
  const json::value& path = MemberOf(operation, "path");
  const json::value& value = MemberOf(operation, "value");
  if (!op.is_string() || !path.is_string() ||
      path.get_string().find('/') != 0) {
    return absl::InvalidArgumentError("expected an op and a path");
  }
  const absl::string_view at(path.get_string().data(),
                             path.get_string().size());
  const Place place = FindPlace(at, root);
  if (place.parent == nullptr) return NothingAt(at);
  if (op == "add") return Add(place, at, value);
  json::value* child = Child(*place.parent, place.key);
  if (op == "test") {
    // A member that is not there is null for the library that does it.
    if ((child == nullptr ? kNull : *child) == value) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("testing value ", at, " failed: test failed"));
  }
  if (child == nullptr) return NothingAt(at);
  if (op == "replace") {
    *child = value;
  } else if (op == "remove") {
    Remove(place, *child);
  } else {
    return absl::InvalidArgumentError("unknown op");
  }
  return absl::OkStatus();
}

}  // namespace

void MergeJson(const json::value& patch, json::value& target) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  json::object& object = target.get_object();
  for (const auto& member : patch.get_object()) {
    if (member.value().is_null()) {
      object.erase(member.key());
    } else {
      MergeJson(member.value(), object[member.key()]);
    }
  }
}

absl::Status PatchJson(const json::value& patch, json::value& target) {
  if (!patch.is_array()) return absl::InvalidArgumentError("expected an array");
  for (const json::value& operation : patch.get_array()) {
    const absl::Status done = Operate(operation, target);
    if (!done.ok()) return done;
  }
  return absl::OkStatus();
}

void ApplyJson(const json::value& before, const json::value& intent,
               json::value& target) {
  if (!intent.is_object()) {
    target = intent;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  json::object& object = target.get_object();
  if (before.is_object()) {
    for (const auto& member : before.get_object()) {
      if (intent.get_object().contains(member.key())) continue;
      RemoveApplied(member.value(), member.key(), object);
    }
  }
  for (const auto& member : intent.get_object()) {
    ApplyJson(MemberOf(before, member.key()), member.value(),
              object[member.key()]);
  }
}

}  // namespace prepull
