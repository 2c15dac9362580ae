// One request of the API server and its answer, without a second try.
//
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
#ifndef PREPULL_SRC_KUBE_API_CALL_H_
#define PREPULL_SRC_KUBE_API_CALL_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "prepull/kube/kube_client.h"

namespace prepull {

// Returns the text, stripped; of a file at most 64 KiB. Errors:
// INVALID_ARGUMENT  it is no file; others as errno says.
absl::StatusOr<std::string> ReadKubeText(const KubeText& text,
                                         FileSystem& files);

struct ApiCall {
  std::string method = "GET";
  std::string target = "";        // path and query
  std::string content_type = "";  // "" = there is no body
  std::string body = "";
  BodySink sink = nullptr;
  HttpLimits limits = {};
};

struct ApiAnswer {
  HttpResponse response = {};
  std::string token = "";  // with which it was asked, if any

  bool ok() const { return response.status / 100 == 2; }
  // The Status in the body in one printable line, without the token; "" if it
  // is none.
  std::string Message() const;
  // Its reason: "AlreadyExists".
  std::string Reason() const;
};

// Reads the credentials and sends. Errors: they are not usable; those of
// HttpClient, without the token.
absl::StatusOr<ApiAnswer> SendOnce(const ApiServer& server,
                                   const KubeClient::Seams& seams,
                                   const ApiCall& call,
                                   const std::stop_token& stop);

}  // namespace prepull

#endif  // PREPULL_SRC_KUBE_API_CALL_H_
