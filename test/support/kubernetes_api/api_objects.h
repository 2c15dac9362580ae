// What the fake API server does for each verb, on the objects that it stores.
//
// The rules are those that a controller can trip over; what it cannot see is
// left out. Threads: of one at a time.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_API_OBJECTS_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_API_OBJECTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"
#include "test/support/kubernetes_api/api_request.h"
#include "test/support/kubernetes_api/object_store.h"

namespace prepull {

class ApiObjects {
 public:
  struct Options {
    ObjectStore::Limits history = {};
    // Of metadata.managedFields, which a real server adds to each object.
    size_t managed_bytes = 0;
  };

  ApiObjects(Clock& clock, const Options& options);

  // Answers all but watches.
  HttpResponse Handle(const ApiRequest& request);

  // What follows keeps no rules: it is the test's, or other components'.

  // Stores the whole object under the name in `key`, in place of any there.
  void Put(const std::string& collection, const std::string& key,
           absl::string_view text);
  // A merge patch, also of its status. Returns whether it has changed anything.
  bool Merge(const std::string& collection, const std::string& key,
             absl::string_view patch);
  // With what belongs to it; a pod that runs is only told to end.
  void Delete(const std::string& collection, const std::string& key);
  // At once, whatever it is.
  void Remove(const std::string& collection, const std::string& key);

  ObjectStore& store() { return store_; }

 private:
  HttpResponse Get(const ApiRequest& request) const;
  HttpResponse List(const ApiRequest& request) const;
  HttpResponse Create(const ApiRequest& request);
  HttpResponse Patch(const ApiRequest& request);
  HttpResponse Apply(const ApiRequest& request);
  HttpResponse Delete(const ApiRequest& request);

  HttpResponse ApplyTo(const StoredPtr& old, const ApiRequest& request,
                       const boost::json::value& intent);
  HttpResponse PutNew(const ApiRequest& request, boost::json::value object,
                      AppliedIntents applied);
  // Stores what a change has made of `old`, by the rules for updates.
  HttpResponse PutChanged(const ApiRequest& request, const StoredPtr& old,
                          boost::json::value object, AppliedIntents applied);
  void AddManagedFields(boost::json::value& object) const;
  std::string NextUid();
  std::string TimeText() const;

  Clock& clock_;
  const Options options_;
  ObjectStore store_;
  int64_t made_ = 0;  // objects, which are numbered
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_API_OBJECTS_H_
