// The words of containers/image for what goes wrong over HTTP. Pure.
#ifndef PREPULL_TEST_SUPPORT_CRIO_HTTP_ERRORS_H_
#define PREPULL_TEST_SUPPORT_CRIO_HTTP_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// Returns what an answer that is not a success says: the registry's own text,
// if it is one of the distribution project's errors.
// Source: https://github.com/containers/image, docker/errors.go
std::string AnswerText(const HttpResponse& response);

// Whether `error`, of HttpClient, says that a body broke off.
bool IsBrokenBody(const absl::Status& error);

// Returns Go's text for a broken body: "unexpected EOF" and others.
std::string BrokenBodyText(const absl::Status& error, absl::string_view host);

// Returns an error of HttpClient as Go's client says it; one of a sink as the
// sink said it.
absl::Status AsGoSaysIt(const absl::Status& error, absl::string_view host,
                        absl::string_view path);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRIO_HTTP_ERRORS_H_
