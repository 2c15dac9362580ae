// What an answer means that is not the one that was asked for.
#ifndef PREPULL_SRC_REGISTRY_ANSWER_ERROR_H_
#define PREPULL_SRC_REGISTRY_ANSWER_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "prepull/http/http_client.h"

namespace prepull {

// Whether such an answer means that the server is busy or broken for now.
bool IsBusy(int http_status);

// Whether this is a page for people: something else answers in place of the
// registry. `head` needs no body.
bool IsWebPage(const HttpResponse& head);

// OK for a 200 that is no web page. `who`: "the registry". Errors:
// UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND as the status says; DATA_LOSS
// a web page; RESOURCE_EXHAUSTED 429, and UNAVAILABLE otherwise busy, which
// may pass; FAILED_PRECONDITION any other.
absl::Status CheckAnswer(absl::string_view who, const HttpResponse& response);

}  // namespace prepull

#endif  // PREPULL_SRC_REGISTRY_ANSWER_ERROR_H_
