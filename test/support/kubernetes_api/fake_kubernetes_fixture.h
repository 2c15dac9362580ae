// A fake API server, asked as a client asks it.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_FIXTURE_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_FIXTURE_H_

#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/json_reader.h"
#include "test/support/fake_clock.h"
#include "test/support/kubernetes_api/fake_kubernetes.h"
#include "test/support/status_matchers.h"

namespace prepull {

inline std::string ConfigMapText(const std::string& name,
                                 const std::string& more = "") {
  return absl::StrCat(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":)",
                      R"({"name":")", name, "\"}", more, "}");
}

class FakeKubernetesTest : public testing::Test {
 protected:
  static constexpr char kMaps[] = "/api/v1/namespaces/team/configmaps";
  static constexpr char kMerge[] = "application/merge-patch+json";
  static constexpr char kJsonPatch[] = "application/json-patch+json";
  static constexpr char kApply[] = "application/apply-patch+yaml";

  absl::StatusOr<HttpResponse> Send(const std::string& method,
                                    const std::string& target,
                                    const std::string& body = "",
                                    const std::string& content_type = "") {
    HttpRequest request = {.method = method,
                           .url = "http://fake" + target,
                           .headers = {{"Content-Type", content_type}},
                           .body = body};
    request.limits.idle = absl::Minutes(10);
    return fake_.Send(request, {});
  }
  // The status.
  int Code(const std::string& method, const std::string& target,
           const std::string& body = "", const std::string& content_type = "") {
    return Send(method, target, body, content_type).value().status;
  }
  int Patch(const std::string& name, const std::string& content_type,
            const std::string& body) {
    const std::string query =
        content_type == kApply ? "?fieldManager=prepull&force=true" : "";
    return Code("PATCH", absl::StrCat(kMaps, "/", name, query), body,
                content_type);
  }
  void Create(const std::string& name, const std::string& more = "") {
    EXPECT_EQ(Code("POST", kMaps, ConfigMapText(name, more)), 201);
  }

  JsonDocument Got(const std::string& target) {
    return JsonDocument::ParseObject(Send("GET", target).value().body).value();
  }
  std::string VersionOf(const std::string& name) {
    return Got(absl::StrCat(kMaps, "/", name))["metadata"]["resourceVersion"]
        .StringOrEmpty();
  }
  // The keys of the data.
  std::vector<std::string> KeysOf(const std::string& name) {
    const JsonDocument map = Got(absl::StrCat(kMaps, "/", name));
    std::vector<std::string> keys;
    for (const auto& [key, value] : map["data"].members()) {
      keys.emplace_back(key);
    }
    return keys;
  }
  static std::vector<std::string> NamesIn(const JsonDocument& list) {
    std::vector<std::string> names;
    for (const JsonValue item : list["items"].elements()) {
      names.push_back(item["metadata"]["name"].StringOrEmpty());
    }
    return names;
  }
  static std::string VersionIn(const JsonDocument& list) {
    return list["metadata"]["resourceVersion"].StringOrEmpty();
  }

  // The events of a watch until it ends, as "ADDED a"; half a line as "half".
  std::vector<std::string> Watched(const std::string& target) {
    std::string text;
    HttpRequest request = {.url = "http://fake" + target};
    request.limits.idle = absl::Minutes(10);
    request.sink = [&text](const HttpResponse&, absl::string_view piece) {
      absl::StrAppend(&text, piece);
      return absl::OkStatus();
    };
    watch_end_ = fake_.Send(request, {}).status();
    std::vector<std::string> events;
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(text, '\n'))) {
      if (line.empty()) continue;
      const auto event = JsonDocument::ParseObject(line);
      events.push_back(
          !event.ok()
              ? "half"
              : absl::StrCat((*event)["type"].StringOrEmpty(), " ",
                             (*event)["object"]["code"].exists()
                                 ? (*event)["object"]["reason"].StringOrEmpty()
                                 : (*event)["object"]["metadata"]["name"]
                                       .StringOrEmpty()));
    }
    return events;
  }
  std::vector<std::string> WatchedFrom(const std::string& version,
                                       const std::string& more = "") {
    return Watched(absl::StrCat(kMaps, "?watch=1&timeoutSeconds=300",
                                "&resourceVersion=", version, more));
  }

  FakeClock clock_;
  FakeKubernetes fake_{clock_};
  absl::Status watch_end_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_FIXTURE_H_
