// What the fake API server holds an object to, and adds to it. Pure.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_API_RULES_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_API_RULES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "test/support/kubernetes_api/api_request.h"

namespace boost::json {
class value;
}

namespace prepull {

// The value at `pointer` ("/metadata/name"), or null where there is none.
const boost::json::value* FindJson(const boost::json::value& object,
                                   absl::string_view pointer);
// The same as a value.
const boost::json::value& JsonPart(const boost::json::value& object,
                                   absl::string_view pointer);
// A string there, or "".
std::string JsonText(const boost::json::value& object,
                     absl::string_view pointer);

// Returns what is wrong with kind, apiVersion and metadata, or "".
std::string WrongType(const boost::json::value& object,
                      const ApiResource& resource);

// Returns what is wrong with the rest of it, or "".
std::string WrongContent(const boost::json::value& object,
                         const ApiResource& resource);

HttpResponse Invalid(const ApiRequest& request, const std::string& why);
HttpResponse Conflict(const ApiRequest& request);

// A change of a status leaves all else as it was before, and the other way
// round.
void KeepOtherPart(const boost::json::value& before, bool is_status,
                   boost::json::value& object);

// What no change can reach.
void KeepIdentity(const boost::json::value& before, boost::json::value& object);

void CountGeneration(boost::json::value& object);

// Adds the labels and the selector by which a Job knows its pods.
void CompleteJob(boost::json::value& job);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_API_RULES_H_
