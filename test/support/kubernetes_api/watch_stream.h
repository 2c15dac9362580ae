// One watch of the fake API server: which bytes it has to send, and when. Pure.
//
// Threads: of whoever holds the objects.
// Source:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
#ifndef PREPULL_TEST_SUPPORT_KUBERNETES_API_WATCH_STREAM_H_
#define PREPULL_TEST_SUPPORT_KUBERNETES_API_WATCH_STREAM_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/clock.h"
#include "test/support/kubernetes_api/api_objects.h"
#include "test/support/kubernetes_api/api_request.h"
#include "test/support/kubernetes_api/kubernetes_fault.h"
#include "test/support/kubernetes_api/selector.h"

namespace prepull {

class WatchStream {
 public:
  enum class End { kNone, kInOrder, kBroken };

  // What comes next: `text`, and then the end if there is one, else nothing
  // before `wake_at` unless the objects change.
  struct Piece {
    std::string text = "";
    End end = End::kNone;
    Instant wake_at = Instant::Never();
  };

  // Both must outlive the stream. Errors: INVALID_ARGUMENT  a bad selector or
  // version.
  static absl::StatusOr<WatchStream> Open(const ApiRequest& request,
                                          const ObjectStore& store,
                                          KubernetesFault fault, Instant now);

  Piece Next(Instant now);

  // Lets the fault happen from here on, whatever was sent before.
  void Disturb(KubernetesFault fault);

  // Whether the events that it would begin with are known no more.
  bool has_expired() const {
    return was_expired_ || store_->HasLost(collection_, version_);
  }
  const std::string& collection() const { return collection_; }

 private:
  explicit WatchStream(const ObjectStore& store) : store_(&store) {}

  void AddAll(const std::string& name_space);
  // The line for an event, or "" if it is none of the client's.
  std::string LineOf(const StoreEvent& event) const;
  std::string Bookmark() const;
  bool IsMine(const StoredObject& object) const;
  // Whether the fault happens now.
  bool IsStruck() const;
  Piece Strike(std::string text, const StoreEvent* next) const;

  const ObjectStore* store_;
  std::string collection_;
  ApiResource resource_;
  std::string name_space_;
  Selector selector_;
  bool was_expired_ = false;  // from the start
  bool has_bookmarks_ = false;
  KubernetesFault fault_;
  int64_t version_ = 0;  // up to which everything was sent
  int sent_ = 0;         // events
  std::string first_;    // to be sent before all else
  Instant ends_at_;
  Instant next_bookmark_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_KUBERNETES_API_WATCH_STREAM_H_
