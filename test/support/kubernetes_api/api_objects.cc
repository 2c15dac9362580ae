#include "test/support/kubernetes_api/api_objects.h"

#include <boost/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "prepull/base/label.h"
#include "test/support/kubernetes_api/api_rules.h"
#include "test/support/kubernetes_api/json_patch.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr size_t kMaxBodyBytes = 3 << 20;

json::string_view AsJson(absl::string_view text) {
  return {text.data(), text.size()};
}

// Null if it is no object.
json::value ParsedObject(absl::string_view text) {
  json::error_code error;
  json::value value = json::parse(AsJson(text), error);
  return error || !value.is_object() ? json::value() : value;
}

HttpResponse BadRequest(absl::string_view message) {
  return StatusAnswer(400, "BadRequest", message);
}

bool IsTrue(const json::value& object, absl::string_view path) {
  const json::value* value = FindJson(object, path);
  return value != nullptr && value->is_bool() && value->get_bool();
}

// Whether a kubelet has to end it first.
bool EndsGracefully(const std::string& collection, const json::value& object) {
  if (collection != "v1/pods") return false;
  const std::string phase = JsonText(object, "/status/phase");
  return !JsonText(object, "/spec/nodeName").empty() && phase != "Succeeded" &&
         phase != "Failed";
}

}  // namespace

ApiObjects::ApiObjects(Clock& clock, const Options& options)
    : clock_(clock), options_(options), store_(options.history) {}

HttpResponse ApiObjects::Handle(const ApiRequest& request) {
  if (request.path == "/readyz" || request.path == "/livez") {
    return {.status = 200, .body = "ok"};
  }
  const ApiResource* resource = FindApiResource(request.collection());
  const bool is_place =
      resource != nullptr &&
      (request.subresource.empty() ||
       (request.subresource == "status" && resource->has_status)) &&
      (resource->is_namespaced || request.name_space.empty());
  if (!is_place) {
    return StatusAnswer(404, "NotFound",
                        "the server could not find the requested resource");
  }
  const bool needs_namespace =
      resource->is_namespaced && request.name_space.empty();
  if (request.verb.empty() || (needs_namespace && request.verb != "list")) {
    return StatusAnswer(405, "MethodNotAllowed",
                        "the server does not allow this method");
  }
  if (request.body.size() > kMaxBodyBytes) {
    return StatusAnswer(413, "RequestEntityTooLarge",
                        "Request entity too large: limit is 3145728");
  }
  if (request.verb == "get") return Get(request);
  if (request.verb == "list") return List(request);
  if (request.verb == "create") return Create(request);
  if (request.verb == "patch") return Patch(request);
  if (request.verb == "apply") return Apply(request);
  return Delete(request);
}

HttpResponse ApiObjects::Get(const ApiRequest& request) const {
  const StoredPtr found = store_.Find(request.collection(), request.key());
  return found ? JsonAnswer(200, found->text) : NotFound(request);
}

HttpResponse ApiObjects::Create(const ApiRequest& request) {
  json::value object = ParsedObject(request.body);
  const ApiResource& resource = *FindApiResource(request.collection());
  if (std::string wrong = WrongType(object, resource); !wrong.empty()) {
    return BadRequest(wrong);
  }
  json::object& metadata = object.get_object()["metadata"].get_object();
  if (!JsonText(object, "/metadata/resourceVersion").empty()) {
    return BadRequest(
        "resourceVersion should not be set on objects to be created");
  }
  const std::string prefix = JsonText(object, "/metadata/generateName");
  if (!metadata.contains("name") && !prefix.empty()) {
    metadata["name"] = absl::StrFormat("%s%05x", prefix, made_ + 1);
  }
  ApiRequest named = request;
  named.name = JsonText(object, "/metadata/name");
  const std::string in = JsonText(object, "/metadata/namespace");
  if (!in.empty() && in != request.name_space) {
    return BadRequest(
        "the namespace of the provided object does not match the namespace "
        "sent on the request");
  }
  if (store_.Find(request.collection(), named.key())) {
    return StatusAnswer(
        409, "AlreadyExists",
        absl::StrCat(request.resource, " \"", named.name, "\" already exists"));
  }
  return PutNew(named, std::move(object), {});
}

HttpResponse ApiObjects::PutNew(const ApiRequest& request, json::value object,
                                AppliedIntents applied) {
  const ApiResource& resource = *FindApiResource(request.collection());
  if (!IsDnsSubdomain(request.name)) {
    return Invalid(request, "metadata.name: Invalid value");
  }
  json::object& members = object.get_object();
  json::object& metadata = members["metadata"].get_object();
  if (!request.name_space.empty()) metadata["namespace"] = request.name_space;
  metadata["uid"] = NextUid();
  metadata["creationTimestamp"] = TimeText();
  if (resource.has_status) members.erase("status");
  if (resource.has_generation) metadata["generation"] = 1;
  if (resource.resource == "jobs") CompleteJob(object);
  if (std::string wrong = WrongContent(object, resource); !wrong.empty()) {
    return Invalid(request, wrong);
  }
  AddManagedFields(object);
  const StoredPtr stored = store_.Put(request.collection(), std::move(object),
                                      std::move(applied), clock_.Now());
  return JsonAnswer(201, stored->text);
}

HttpResponse ApiObjects::Patch(const ApiRequest& request) {
  const StoredPtr old = store_.Find(request.collection(), request.key());
  if (!old) return NotFound(request);
  json::error_code error;
  const json::value patch = json::parse(AsJson(request.body), error);
  if (error) return BadRequest(error.message());
  json::value object = json::parse(old->text);
  if (request.content_type == "application/merge-patch+json") {
    if (!patch.is_object()) return BadRequest("expected an object");
    MergeJson(patch, object);
  } else if (request.content_type == "application/json-patch+json") {
    const absl::Status done = PatchJson(patch, object);
    if (absl::IsFailedPrecondition(done)) {
      return Invalid(request, std::string(done.message()));
    }
    if (!done.ok()) return BadRequest(done.message());
  } else {
    return StatusAnswer(415, "UnsupportedMediaType",
                        "the body of the request was in an unknown format");
  }
  return PutChanged(request, old, std::move(object), old->applied);
}

HttpResponse ApiObjects::Apply(const ApiRequest& request) {
  json::value intent = ParsedObject(request.body);
  const ApiResource& resource = *FindApiResource(request.collection());
  if (std::string wrong = WrongType(intent, resource); !wrong.empty()) {
    return BadRequest(wrong);
  }
  if (JsonText(intent, "/metadata/name") != request.name) {
    return BadRequest(
        "the name of the object does not match the name on the URL");
  }
  if (request.Query("fieldManager").empty()) {
    return BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager");
  }
  if (FindJson(intent, "/metadata/managedFields") != nullptr) {
    return BadRequest("metadata.managedFields must be nil");
  }
  const StoredPtr old = store_.Find(request.collection(), request.key());
  if (old) return ApplyTo(old, request, intent);
  if (!request.subresource.empty()) return NotFound(request);
  if (!JsonText(intent, "/metadata/resourceVersion").empty()) {
    return Conflict(request);
  }
  AppliedIntents applied = {.object = json::serialize(intent)};
  return PutNew(request, std::move(intent), std::move(applied));
}

HttpResponse ApiObjects::ApplyTo(const StoredPtr& old,
                                 const ApiRequest& request,
                                 const json::value& intent) {
  AppliedIntents applied = old->applied;
  std::string& last =
      request.subresource.empty() ? applied.object : applied.status;
  const json::value before = last.empty() ? json::value() : json::parse(last);
  last = json::serialize(intent);
  json::value object = json::parse(old->text);
  ApplyJson(before, intent, object);
  return PutChanged(request, old, std::move(object), std::move(applied));
}

HttpResponse ApiObjects::PutChanged(const ApiRequest& request,
                                    const StoredPtr& old, json::value object,
                                    AppliedIntents applied) {
  const ApiResource& resource = *FindApiResource(request.collection());
  const json::value before = json::parse(old->text);
  if (std::string wrong = WrongType(object, resource); !wrong.empty()) {
    return Invalid(request, wrong);
  }
  if (JsonText(object, "/metadata/resourceVersion") !=
      absl::StrCat(old->version)) {
    return Conflict(request);
  }
  const std::string uid = JsonText(object, "/metadata/uid");
  if (uid != old->uid) {
    return StatusAnswer(
        409, "Conflict",
        absl::StrCat("Precondition failed: UID in precondition: ", uid,
                     ", UID in object meta: ", old->uid));
  }
  if (resource.has_status) {
    KeepOtherPart(before, request.subresource == "status", object);
  }
  KeepIdentity(before, object);
  if (std::string wrong = WrongContent(object, resource); !wrong.empty()) {
    return Invalid(request, wrong);
  }
  if (IsTrue(before, "/immutable") &&
      JsonPart(object, "/data") != JsonPart(before, "/data")) {
    return Invalid(request,
                   "data: Forbidden: field is immutable when `immutable` is "
                   "set");
  }
  if (object == before && applied.object == old->applied.object &&
      applied.status == old->applied.status) {
    return JsonAnswer(200, old->text);
  }
  if (resource.has_generation &&
      JsonPart(object, "/spec") != JsonPart(before, "/spec")) {
    CountGeneration(object);
  }
  const StoredPtr stored = store_.Put(request.collection(), std::move(object),
                                      std::move(applied), clock_.Now());
  return JsonAnswer(200, stored->text);
}

HttpResponse ApiObjects::Delete(const ApiRequest& request) {
  const StoredPtr old = store_.Find(request.collection(), request.key());
  if (!old) return NotFound(request);
  if (!request.body.empty()) {
    const json::value options = ParsedObject(request.body);
    if (options.is_null()) return BadRequest("invalid DeleteOptions");
    const std::string uid = JsonText(options, "/preconditions/uid");
    if (!uid.empty() && uid != old->uid) {
      return StatusAnswer(
          409, "Conflict",
          absl::StrCat("Operation cannot be fulfilled on ", request.resource,
                       " \"", request.name,
                       "\": Precondition failed: UID in precondition: ", uid,
                       ", UID in object meta: ", old->uid));
    }
    const json::value* grace = FindJson(options, "/gracePeriodSeconds");
    if (grace != nullptr && *grace == 0) {
      Remove(request.collection(), request.key());
      return StatusAnswer(200, "", "");
    }
  }
  Delete(request.collection(), request.key());
  return StatusAnswer(200, "", "");
}

void ApiObjects::Put(const std::string& collection, const std::string& key,
                     absl::string_view text) {
  json::value object = ParsedObject(text);
  json::object& members = object.as_object();
  const ApiResource& resource = *FindApiResource(collection);
  members["apiVersion"] = resource.group_version;
  members["kind"] = resource.kind;
  json::value& metadata = members["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  json::object& fields = metadata.get_object();
  const size_t slash = key.find('/');
  if (slash != std::string::npos) fields["namespace"] = key.substr(0, slash);
  fields["name"] = key.substr(slash + 1);
  if (!fields.contains("uid")) fields["uid"] = NextUid();
  if (!fields.contains("creationTimestamp")) {
    fields["creationTimestamp"] = TimeText();
  }
  if (resource.has_generation && !fields.contains("generation")) {
    fields["generation"] = 1;
  }
  AddManagedFields(object);
  store_.Put(collection, std::move(object), {}, clock_.Now());
}

bool ApiObjects::Merge(const std::string& collection, const std::string& key,
                       absl::string_view patch) {
  const StoredPtr old = store_.Find(collection, key);
  if (!old) return false;
  const json::value before = json::parse(old->text);
  json::value object = before;
  MergeJson(json::parse(AsJson(patch)), object);
  if (object == before) return false;
  store_.Put(collection, std::move(object), old->applied, clock_.Now());
  return true;
}

void ApiObjects::Delete(const std::string& collection, const std::string& key) {
  const StoredPtr old = store_.Find(collection, key);
  if (!old) return;
  json::value object = json::parse(old->text);
  if (!EndsGracefully(collection, object)) return Remove(collection, key);
  json::object& metadata = object.get_object()["metadata"].get_object();
  if (metadata.contains("deletionTimestamp")) return;
  const json::value* grace =
      FindJson(object, "/spec/terminationGracePeriodSeconds");
  const int64_t seconds =
      grace != nullptr && grace->is_int64() ? grace->get_int64() : 30;
  // It is the time at which the grace period ends.
  metadata["deletionTimestamp"] = absl::FormatTime(
      "%Y-%m-%d%ET%H:%M:%SZ", clock_.WallNow() + absl::Seconds(seconds),
      absl::UTCTimeZone());
  metadata["deletionGracePeriodSeconds"] = seconds;
  store_.Put(collection, std::move(object), old->applied, clock_.Now());
}

void ApiObjects::Remove(const std::string& collection, const std::string& key) {
  const StoredPtr old = store_.Find(collection, key);
  if (!old) return;
  store_.Erase(collection, key, clock_.Now());
  for (const auto& [owned_in, owned] : store_.OwnedBy(old->uid)) {
    Delete(owned_in, owned);
  }
}

void ApiObjects::AddManagedFields(json::value& object) const {
  if (options_.managed_bytes == 0) return;
  json::object& metadata = object.get_object()["metadata"].get_object();
  metadata["managedFields"] = json::array{
      {{"manager", "fake"},
       {"operation", "Update"},
       {"fieldsV1", {{"f:x", std::string(options_.managed_bytes, '.')}}}}};
}

std::string ApiObjects::NextUid() {
  return absl::StrFormat("00000000-0000-4000-8000-%012x", ++made_);
}

std::string ApiObjects::TimeText() const {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", clock_.WallNow(),
                          absl::UTCTimeZone());
}

}  // namespace prepull
