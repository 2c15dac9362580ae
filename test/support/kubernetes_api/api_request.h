// What a request of the Kubernetes API asks for, and answers that refuse. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_API_REQUEST_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_API_REQUEST_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// What the fake knows of a kind.
struct ApiResource {
  std::string group_version = "v1";
  std::string resource = "";
  std::string kind = "";
  bool is_namespaced = true;
  bool has_status = false;      // as a subresource
  bool has_generation = false;  // counts what changes its spec
  bool is_custom = false;       // in lists, too, each object says its kind
};

// Null for a kind that nobody has installed. `collection`: "batch/v1/jobs".
const ApiResource* FindApiResource(const std::string& collection);

struct ApiRequest {
  // get list watch create patch apply delete; "" = none that is known. "patch"
  // is one of two, by `content_type`.
  std::string verb = "";
  std::string path = "";
  std::string group_version = "";
  std::string resource = "";
  std::string name_space = "";  // "" = of the cluster, or all
  std::string name = "";
  std::string subresource = "";
  std::map<std::string, std::string> query = {};
  std::string content_type = "";
  std::string token = "";
  std::string body = "";

  // "batch/v1/jobs"
  std::string collection() const { return group_version + "/" + resource; }
  // "prepulls" or "prepulls/status".
  std::string target() const;
  // "namespace/name", or "name".
  std::string key() const;
  // "" if it is not in the query.
  std::string Query(const std::string& key) const;
  bool changes() const;
};

// `request.url` has any origin. A path that is none of the API's has neither
// verb nor resource.
ApiRequest ParseApiRequest(const HttpRequest& request);

// The answer with a Status in it: `reason` is a word of the API, "Conflict".
HttpResponse StatusAnswer(int code, absl::string_view reason,
                          absl::string_view message);
HttpResponse NotFound(const ApiRequest& request);

HttpResponse JsonAnswer(int code, std::string body);

// The Status alone.
std::string StatusText(int code, absl::string_view reason,
                       absl::string_view message);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_API_REQUEST_H_
