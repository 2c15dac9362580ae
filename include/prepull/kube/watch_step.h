// Keeps a copy of the objects of one kind: decides, after all that can arrive,
// what to ask the API server next. Pure: no clock, no socket.
//
// A list in pages replaces the copy; a watch from there on changes it. The copy
// is right once a list is in and what came after it was in order; whatever else
// arrives, the next list makes it right again, at the latest after 30 min. A
// question after a failure or the end of a watch waits, longer each time until
// a watch has brought an event or held for 15 s.
//
// The driver calls Next, does what it says, and reports how that ended by one
// call of On...; for a watch it first reports each piece.
//
// Threads: of one thread.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
#ifndef PREPULL_KUBE_WATCH_STEP_H_
#define PREPULL_KUBE_WATCH_STEP_H_

#include <any>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "prepull/base/clock.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/random.h"
#include "prepull/kube/kube_object.h"

namespace prepull {

// What is kept of an object.
struct WatchedObject {
  std::any value = {};                // what the caller's KeepFields returned
  std::string resource_version = "";  // to be compared for equality only
  std::string uid = "";
};

// By "namespace/name", or "name" for what belongs to the cluster.
using WatchStore = std::map<std::string, WatchedObject>;

// Returns what the caller wants of an object: a text or a struct of its own.
// The argument is gone afterwards.
using KeepFields = std::function<std::any(JsonValue object)>;

// What to ask next.
struct WatchQuestion {
  enum class Kind { kPage, kWatch };

  Kind kind = Kind::kPage;
  absl::Duration delay = absl::ZeroDuration();  // to wait before, at least
  std::string query = "";                       // "?limit=500&..."
  // Of a watch: without a byte for so long the connection counts as dead.
  absl::Duration idle = absl::InfiniteDuration();
  Instant until = Instant::Never();  // of a watch: then it is to be ended
};

// An answer that is not 2xx.
struct KubeRefusal {
  int http_status = 0;
  std::string message = "";  // printable; "" = it has none
  absl::Duration retry_after = absl::ZeroDuration();
};

class WatchStep {
 public:
  WatchStep(KubeCollection collection, KeepFields keep, RollDice roll_dice);

  WatchQuestion Next(Instant now);

  // A page has come: the whole body of an answer 2xx.
  void OnPage(absl::string_view body, Instant now);

  // The next bytes of a watch. Errors: ABORTED  what came cannot be used or
  // tells that the watch is over: the connection is to be closed.
  absl::Status OnPiece(absl::string_view piece);

  // The watch or the page ended otherwise than by OnPage and OnRefusal: `how`
  // is OK for a watch that the server has closed.
  void OnEnd(const absl::Status& how, Instant now);

  void OnRefusal(const KubeRefusal& refusal);

  // Whether a list was complete at some time.
  bool is_listed() const { return is_listed_; }
  const WatchStore& store() const { return store_; }

  // Returns the keys that may have changed since the last call: all of them
  // after a list.
  std::set<std::string> TakeChanges();

  // Hands over what was kept of the object `key`, for a caller that keeps it
  // elsewhere: the store has it no more. Empty if there is no such object.
  std::any TakeValue(const std::string& key);

  // Returns what events have deleted from the store since the last call, as
  // they showed it: its last words, which a list has no more. Of two that bore
  // a name the newer one. What a list has left out is not among it.
  WatchStore TakeDeleted();

  // What is in the way, for people; "" = nothing. A watch that has ended is
  // nothing, as it does so all day.
  const std::string& problem() const { return problem_; }

  const KubeCollection& collection() const { return collection_; }

 private:
  absl::Status OnLine(absl::string_view line);
  absl::Status OnErrorEvent(JsonValue status);
  absl::Status OnObjectEvent(absl::string_view type, JsonValue object);
  absl::Status ReadPage(absl::string_view body, Instant now);
  absl::Status GiveUpWatch(const std::string& why);
  void CompleteList(const std::string& version, Instant now);
  void ListAnew();
  void BackOff(absl::Duration at_least = absl::ZeroDuration());
  void TakeAsConnected();
  void ForgetFailures();
  absl::string_view verb() const;

  const KubeCollection collection_;
  const KeepFields keep_;
  const RollDice roll_dice_;

  WatchStore store_;
  std::set<std::string> changed_;
  WatchStore deleted_;
  bool is_listed_ = false;
  std::string problem_;

  bool is_watching_ = false;
  // Of the newest event or list; "" = the next list is to be the newest there
  // is, which costs the server a quorum read.
  std::string version_;
  Instant next_list_ = Instant::Never();

  // Of the list that is under way.
  WatchStore pages_;
  std::string continue_;

  // Of the watch that is under way.
  std::string half_line_;
  bool is_given_up_ = false;
  Instant asked_at_;

  int failures_ = 0;  // in a row
  bool is_refused_ = false;
  absl::Duration delay_ = absl::ZeroDuration();
};

}  // namespace prepull

#endif  // PREPULL_KUBE_WATCH_STEP_H_
