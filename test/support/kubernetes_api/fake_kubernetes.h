// A Kubernetes API server for tests: objects, lists, watches, and every fault
// that a client may meet.
//
// It is an HttpClient that any URL leads to, so that a test needs no socket;
// KubernetesServer (kubernetes_server.h) serves the same by HTTP. Nothing runs
// in it but the garbage collector: FakeCluster (fake_cluster.h) plays nodes,
// Jobs and pods. It knows the kinds that prepull uses and is not the judge of
// anything; that is the real one.
//
// Threads: safe to share. With a FakeClock, one.
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"
#include "prepull/http/http_client.h"
#include "prepull/kube/kube_object.h"
#include "test/support/kubernetes_api/api_request.h"
#include "test/support/kubernetes_api/kubernetes_fault.h"

namespace prepull {

class FakeKubernetes : public HttpClient {
 public:
  struct Options {
    // A watch that has nothing to say ends, as if the server had closed it: for
    // tests in which one thread does everything.
    bool ends_idle_watches = false;
    // "" = any bearer will do; another token gets 401.
    std::string token = "";
    // What a watch from a compacted version gets: 410 as HTTP status, or an
    // ERROR event in an answer 200.
    bool expires_by_status = false;
    // Events of each collection that are kept.
    size_t history = 50'000;
    // Of managedFields in each object.
    size_t managed_bytes = 0;
  };

  // A change of a stored object.
  struct Change {
    absl::string_view type = "";    // ADDED MODIFIED DELETED
    const std::string& collection;  // "batch/v1/jobs"
    const std::string& key;         // "team/x"
    const std::string& text;        // the object
  };

  // A write that a client asked for.
  struct Write {
    const ApiRequest& request;
    int http_status = 0;  // what became of it
  };

  explicit FakeKubernetes(Clock& clock) : FakeKubernetes(clock, Options()) {}
  FakeKubernetes(Clock& clock, const Options& options);
  ~FakeKubernetes() override;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override;

  // The same for a server: `on_head` is called before the first byte of a
  // watch, also if that is long to come.
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop,
                                    const std::function<void()>& on_head);

  // What clients do not do, and what keeps no rules.

  // Stores a whole object, its status included, in place of any of that name.
  // What it lacks of metadata (namespace aside) is added.
  void Put(const KubeObject& object, absl::string_view text);
  // A merge patch, also of its status. Returns whether it has changed anything.
  bool Merge(const KubeObject& object, absl::string_view patch);
  // As `kubectl delete`.
  void Delete(const KubeObject& object);
  // At once, as `kubectl delete --force`.
  void Remove(const KubeObject& object);
  // "" if there is none.
  std::string Text(const KubeObject& object) const;
  bool Has(const KubeObject& object) const { return !Text(object).empty(); }
  // In the order of their names; a selector of fields is not heard.
  std::vector<std::string> Texts(const KubeCollection& collection) const;

  // Faults. Of several for a request, the first that was injected counts.
  void Inject(KubernetesFault fault);
  void Heal();  // no faults any more
  // Of all watches that are open; "" = of all resources.
  void DisturbWatches(KubernetesFault::Kind kind,
                      const std::string& resource = "", int http_status = 410);
  // No connection can be made, and those that are open break.
  void SetAway(bool is_away);
  // Versions up to now are forgotten.
  void Compact();

  // Requests so far, whatever became of them: Count("create", "jobs"); a status
  // is "prepulls/status".
  int64_t Count(const std::string& verb, const std::string& resource) const;
  // By "create jobs".
  std::map<std::string, int64_t> counts() const;
  // Requests at the same time, watches aside.
  int most_in_flight() const;
  int open_watches() const;

  // Called after each, on the thread that made it, which may ask for more.
  // Changes are told to all who have asked, for good.
  void OnChange(std::function<void(const Change&)> on_change);
  void OnWrite(std::function<void(const Write&)> on_write);

 private:
  class Server;

  const std::unique_ptr<Server> server_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_FAKE_KUBERNETES_H_
