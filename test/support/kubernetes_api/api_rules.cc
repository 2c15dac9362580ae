#include "test/support/kubernetes_api/api_rules.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "prepull/base/label.h"

namespace prepull {
namespace {

namespace json = boost::json;

constexpr size_t kMaxConfigMapBytes = 1 << 20;

std::string WrongLabels(const json::value& object) {
  const json::value* labels = FindJson(object, "/metadata/labels");
  if (labels == nullptr) return "";
  if (!labels->is_object()) return "metadata.labels: expected an object";
  for (const auto& label : labels->get_object()) {
    const json::string_view key = label.key();
    const bool is_valid = label.value().is_string() &&
                          CheckLabelKey({key.data(), key.size()}).ok() &&
                          CheckLabelValue({label.value().get_string().data(),
                                           label.value().get_string().size()})
                              .ok();
    if (!is_valid) return "metadata.labels: Invalid value";
  }
  return "";
}

size_t BytesOf(const json::value& data) {
  size_t bytes = 0;
  if (!data.is_object()) return 0;
  for (const auto& member : data.get_object()) {
    bytes += member.key().size();
    if (member.value().is_string()) bytes += member.value().get_string().size();
  }
  return bytes;
}

}  // namespace

const json::value* FindJson(const json::value& object,
                            absl::string_view pointer) {
  json::error_code error;
  return object.find_pointer({pointer.data(), pointer.size()}, error);
}

const json::value& JsonPart(const json::value& object,
                            absl::string_view pointer) {
  static const json::value kNothing;
  const json::value* found = FindJson(object, pointer);
  return found == nullptr ? kNothing : *found;
}

std::string JsonText(const json::value& object, absl::string_view pointer) {
  const json::value* found = FindJson(object, pointer);
  return found == nullptr || !found->is_string()
             ? ""
             : std::string(found->get_string());
}

std::string WrongType(const json::value& object, const ApiResource& resource) {
  if (!object.is_object()) return "expected an object";
  if (JsonText(object, "/apiVersion") != resource.group_version ||
      JsonText(object, "/kind") != resource.kind) {
    return absl::StrCat("the API version in the data does not match: expected ",
                        resource.group_version, " ", resource.kind);
  }
  return JsonPart(object, "/metadata").is_object() ? "" : "metadata is missing";
}

std::string WrongContent(const json::value& object,
                         const ApiResource& resource) {
  if (std::string wrong = WrongLabels(object); !wrong.empty()) return wrong;
  if (resource.resource == "configmaps") {
    const json::value& data = JsonPart(object, "/data");
    if (data.is_object()) {
      for (const auto& member : data.get_object()) {
        if (!member.value().is_string()) return "data: expected strings";
      }
    }
    if (BytesOf(data) > kMaxConfigMapBytes) {
      return "[]: Too long: must have at most 1048576 bytes";
    }
  }
  if (resource.resource == "jobs" &&
      JsonText(object, "/metadata/name").size() > 63) {
    return "spec.template.labels: Invalid value: must be no more than 63 bytes";
  }
  return "";
}

HttpResponse Invalid(const ApiRequest& request, const std::string& why) {
  return StatusAnswer(422, "Invalid",
                      absl::StrCat(request.resource, " \"", request.name,
                                   "\" is invalid: ", why));
}

HttpResponse Conflict(const ApiRequest& request) {
  return StatusAnswer(
      409, "Conflict",
      absl::StrCat("Operation cannot be fulfilled on ", request.resource, " \"",
                   request.name,
                   "\": the object has been modified; please apply your "
                   "changes to the latest version and try again"));
}

void KeepOtherPart(const json::value& before, bool is_status,
                   json::value& object) {
  if (is_status) {
    json::value status = JsonPart(object, "/status");
    object = before;
    object.get_object()["status"] = std::move(status);
  } else if (FindJson(before, "/status") != nullptr) {
    object.get_object()["status"] = JsonPart(before, "/status");
  } else {
    object.get_object().erase("status");
  }
  if (JsonPart(object, "/status").is_null())
    object.get_object().erase("status");
}

void KeepIdentity(const json::value& before, json::value& object) {
  json::object& metadata = object.get_object()["metadata"].get_object();
  for (const char* key : {"name", "namespace", "creationTimestamp",
                          "generation", "deletionTimestamp"}) {
    const json::value* old =
        before.at("metadata").get_object().if_contains(key);
    if (old == nullptr) {
      metadata.erase(key);
    } else {
      metadata[key] = *old;
    }
  }
}

void CountGeneration(json::value& object) {
  json::object& metadata = object.get_object()["metadata"].get_object();
  metadata["generation"] =
      JsonPart(object, "/metadata/generation").as_int64() + 1;
}

void CompleteJob(json::value& job) {
  if (!JsonPart(job, "/spec/template").is_object()) return;
  const std::string uid = JsonText(job, "/metadata/uid");
  const std::string name = JsonText(job, "/metadata/name");
  json::object& spec = job.get_object()["spec"].get_object();
  spec["selector"] = {
      {"matchLabels", {{"batch.kubernetes.io/controller-uid", uid}}}};
  json::value& metadata = spec["template"].get_object()["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  json::value& labels = metadata.get_object()["labels"];
  if (!labels.is_object()) labels.emplace_object();
  for (const char* prefix : {"batch.kubernetes.io/", ""}) {
    labels.get_object()[absl::StrCat(prefix, "controller-uid")] = uid;
    labels.get_object()[absl::StrCat(prefix, "job-name")] = name;
  }
}

}  // namespace prepull
