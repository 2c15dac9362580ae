#include "src/controller/object_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "prepull/base/random.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// So that a controller is never what an API server suffers from.
constexpr double kWritesPerSecond = 20;
constexpr double kWriteBurst = 40;
constexpr absl::Duration kStatusEvery = absl::Seconds(1);
constexpr absl::Duration kWritePatience = absl::Seconds(10);
constexpr absl::Duration kAfterRefusal = absl::Seconds(5);

KubeObject PrepullObjectOf(const std::string& name_space,
                           const std::string& name) {
  return {.group_version = "prepull.dev/v1alpha1",
          .resource = "prepulls",
          .object_namespace = name_space,
          .name = name};
}

KubeObject JobOf(const std::string& name_space, const std::string& name) {
  return {.group_version = "batch/v1",
          .resource = "jobs",
          .object_namespace = name_space,
          .name = name};
}

KubeObject ConfigMapOf(const std::string& name_space, const std::string& name) {
  return {
      .resource = "configmaps", .object_namespace = name_space, .name = name};
}

// As the watch will show it, but for its uid.
JobView Announced(const NodeJob& job, absl::Time now) {
  return {.name = job.name,
          .prepull = job.prepull,
          .node = job.node,
          .list_hash = job.list_hash,
          .task = std::string(NodeTaskName(job.task)),
          .round = job.round,
          .created = now};
}

}  // namespace

// The writes for one Prepull, until one of them is refused or the budget is
// used up.
class ObjectWriter::Round {
 public:
  Round(ObjectWriter& writer, const PrepullView& prepull,
        const Decision& decision, PrepullMemory& memory, std::stop_token stop)
      : writer_(writer),
        prepull_(prepull),
        decision_(decision),
        memory_(memory),
        stop_(std::move(stop)) {}

  WriteProgress Run() {
    // A round is told before any Job of it is made.
    if (decision_.begins_round) {
      WriteStatus(/*at_once=*/true);
      return progress_;
    }
    WriteLists();
    WriteRecords();
    WalkJobs();
    CreateJobs();
    DeleteLists();
    WriteStatus(/*at_once=*/false);
    Expire();
    return progress_;
  }

 private:
  Instant Now() const { return writer_.seams_.clock.Now(); }
  ClusterState& cluster() { return writer_.seams_.cluster; }
  KubeClient& client() { return writer_.seams_.client; }

  KubeCall Call(std::string purpose) const {
    return {.purpose = std::move(purpose),
            .until = Now() + kWritePatience,
            .stop = stop_};
  }

  // Whether one more write may be made now.
  bool May() {
    if (is_over_ || stop_.stop_requested()) return false;
    if (writer_.budget_.Take(Now())) return true;
    GoOnAt(writer_.budget_.NextAt());
    return false;
  }

  void GoOnAt(Instant at) {
    is_over_ = true;
    progress_.again_at = std::min(progress_.again_at, at);
  }

  // Returns whether the write has been made. What the server does not take now
  // is decided anew later.
  bool Done(absl::string_view verb, const std::string& what,
            const absl::Status& status) {
    writer_.on_write_(verb, status.ok());
    if (status.ok()) {
      progress_.has_written = true;
      return true;
    }
    if (absl::IsCancelled(status)) {
      is_over_ = true;
      return false;
    }
    Log(LogLevel::kWarn, "cannot write",
        {{"object", what}, {"error", std::string(status.message())}});
    memory_.write_error = absl::StrCat(what, ": ", status.message());
    GoOnAt(Now() + kAfterRefusal);
    return false;
  }

  void WriteLists() {
    for (const ListWrite& list : decision_.lists) {
      if (!May()) return;
      const absl::Status applied = client().Apply(
          ConfigMapOf(writer_.name_space_, list.name),
          ConfigMapText({.name = list.name,
                         .name_space = writer_.name_space_,
                         .prepull = prepull_.name,
                         .prepull_uid = prepull_.uid,
                         .kind = std::string(kListKind),
                         .list_hash = list.hash,
                         .inputs = list.inputs,
                         .data = {{std::string(kListDataKey), list.text}}}),
          Call("list"));
      if (!Done("apply", absl::StrCat("configmap ", list.name), applied)) {
        return;
      }
      cluster().PutList(list.name, {.prepull = prepull_.name,
                                    .owner_uid = prepull_.uid,
                                    .hash = list.hash,
                                    .inputs = list.inputs,
                                    .text = list.text});
    }
  }

  void WriteRecords() {
    for (const ShardWrite& write : decision_.records) {
      // The one that was just made has no known version before the watch shows
      // it.
      if (!write.is_new && write.version.empty()) continue;
      if (!May()) return;
      const absl::StatusOr<std::string> version = WriteShard(write);
      if (absl::IsAborted(version.status()) ||
          absl::IsAlreadyExists(version.status())) {
        // Somebody else was there first; the watch will show what they wrote.
        continue;
      }
      if (!Done("patch", absl::StrCat("configmap ", write.name),
                version.status())) {
        return;
      }
      TakeRecords(write, *version);
    }
  }

  absl::StatusOr<std::string> WriteShard(const ShardWrite& write) {
    const KubeObject object = ConfigMapOf(writer_.name_space_, write.name);
    if (!write.is_new) {
      return client().ChangeGuarded(object, write.Patch(), write.version,
                                    Call("results"));
    }
    RETURN_IF_ERROR(client().Create(
        object,
        NewShardText(write, writer_.name_space_, prepull_.name, prepull_.uid),
        Call("results")));
    return "";
  }

  void TakeRecords(const ShardWrite& write, const std::string& version) {
    const std::map<std::string, ShardView>& shards =
        cluster().ObjectsOf(prepull_.name).shards;
    const auto found = shards.find(write.name);
    ShardView shard = {.name = write.name,
                       .prepull = prepull_.name,
                       .owner_uid = prepull_.uid};
    if (found != shards.end()) shard = found->second;
    shard.version = version;
    for (const auto& [node, record] : write.records) {
      shard.records[node] = record;
      cluster().PutOwnRecord(prepull_.name, node,
                             {.shard = write.name,
                              .owner_uid = prepull_.uid,
                              .record = record,
                              .written_at = writer_.seams_.clock.WallNow()});
      progress_.recorded.insert(node);
    }
    for (const std::string& node : write.removed) shard.records.erase(node);
    cluster().PutShard(std::move(shard));
  }

  void WalkJobs() {
    for (const JobStep& step : decision_.steps) {
      if (step.kind == JobStep::Kind::kDelete) {
        if (!May()) return;
        const absl::Status deleted = client().Delete(
            JobOf(writer_.name_space_, step.job), step.uid, Call("job"));
        // Its name has a new bearer: the watch will show it.
        if (absl::IsFailedPrecondition(deleted)) continue;
        if (!Done("delete", absl::StrCat("job ", step.job), deleted)) return;
        cluster().MarkDeleted(step.job);
        memory_.asked.erase(step.uid);
      } else if (step.kind == JobStep::Kind::kAskPods) {
        if (is_over_ || stop_.stop_requested()) return;
        AskPods(step);
      }
    }
  }

  // The watch of the pods may be behind that of the Jobs.
  void AskPods(const JobStep& step) {
    const absl::StatusOr<JsonDocument> pods =
        client().List({.resource = "pods",
                       .object_namespace = writer_.name_space_,
                       .label_selector = absl::StrCat(
                           "batch.kubernetes.io/controller-uid=", step.uid)},
                      "", Call("pods of a job"));
    if (!Done("list", absl::StrCat("pods of job ", step.job), pods.status())) {
      return;
    }
    for (const JsonValue pod : (*pods)["items"].elements()) {
      cluster().PutPod(pod["metadata"]["name"].StringOrEmpty(), ViewOfPod(pod));
    }
    memory_.asked.insert(step.uid);
  }

  void CreateJobs() {
    for (const NodeJob& job : decision_.jobs) {
      if (!May()) return;
      const absl::Status created =
          client().Create(JobOf(writer_.name_space_, job.name),
                          NodeJobJson(job, writer_.pods_), Call("job"));
      const bool is_there = absl::IsAlreadyExists(created);
      if (!Done("create", absl::StrCat("job ", job.name),
                is_there ? absl::OkStatus() : created)) {
        return;
      }
      cluster().PutJob(Announced(job, writer_.seams_.clock.WallNow()));
    }
  }

  void DeleteLists() {
    for (const std::string& name : decision_.unused_lists) {
      if (!May()) return;
      const absl::Status deleted = client().Delete(
          ConfigMapOf(writer_.name_space_, name), "", Call("list"));
      if (!Done("delete", absl::StrCat("configmap ", name), deleted)) return;
      cluster().EraseConfigMap(name);
    }
  }

  void WriteStatus(bool at_once) {
    const absl::Time now = writer_.seams_.clock.WallNow();
    const std::string text =
        StatusText(prepull_, writer_.name_space_, decision_.status, now);
    std::string& written = writer_.written_status_[prepull_.name];
    if (text == written) return;
    const Instant next =
        writer_.status_written_at_[prepull_.name] + kStatusEvery;
    if (!at_once && !written.empty() && Now() < next) {
      progress_.again_at = std::min(progress_.again_at, next);
      return;
    }
    // Also when something was refused: it says what.
    if (stop_.stop_requested() || !writer_.budget_.Take(Now())) {
      GoOnAt(writer_.budget_.NextAt());
      return;
    }
    KubeObject object = PrepullObjectOf(writer_.name_space_, prepull_.name);
    object.subresource = "status";
    const absl::Status applied = client().Apply(object, text, Call("status"));
    if (!Done("apply", absl::StrCat("prepull ", prepull_.name), applied)) {
      return;
    }
    written = text;
    writer_.status_written_at_[prepull_.name] = Now();
    const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
    if (document.ok()) {
      cluster().prepulls[prepull_.name].status =
          ViewOfPrepull(document->root()).status;
    }
  }

  void Expire() {
    if (!decision_.expires || !May()) return;
    Done("delete", absl::StrCat("prepull ", prepull_.name),
         client().Delete(PrepullObjectOf(writer_.name_space_, prepull_.name),
                         prepull_.uid, Call("expired prepull")));
  }

  ObjectWriter& writer_;
  const PrepullView prepull_;
  const Decision& decision_;
  PrepullMemory& memory_;
  const std::stop_token stop_;
  WriteProgress progress_;
  bool is_over_ = false;
};

ObjectWriter::ObjectWriter(
    std::string name_space, NodePods pods, const Seams& seams,
    std::function<void(absl::string_view, bool)> on_write)
    : name_space_(std::move(name_space)),
      pods_(std::move(pods)),
      seams_(seams),
      on_write_(std::move(on_write)),
      budget_(kWritesPerSecond, kWriteBurst) {}

WriteProgress ObjectWriter::Write(const std::string& prepull,
                                  const Decision& decision,
                                  PrepullMemory& memory,
                                  const std::stop_token& stop) {
  const auto found = seams_.cluster.prepulls.find(prepull);
  if (found == seams_.cluster.prepulls.end() || found->second.is_deleting) {
    written_status_.erase(prepull);
    status_written_at_.erase(prepull);
    return {};
  }
  memory.write_error.clear();
  return Round(*this, found->second, decision, memory, stop).Run();
}

void ObjectWriter::Tell(const PrepullView& prepull,
                        const std::vector<PrepullEvent>& events,
                        const std::stop_token& stop) {
  for (const PrepullEvent& event : events) {
    if (!budget_.Take(seams_.clock.Now())) return;
    const std::string name = absl::StrCat(prepull.name, ".", RandomHex(8));
    const absl::Status created = seams_.client.Create(
        {.resource = "events", .object_namespace = name_space_, .name = name},
        EventText(name, name_space_, prepull, event, seams_.clock.WallNow()),
        {.purpose = "event",
         .until = seams_.clock.Now() + kWritePatience,
         .stop = stop});
    on_write_("create", created.ok());
    if (!created.ok() && !absl::IsCancelled(created)) {
      Log(LogLevel::kWarn, "cannot tell of an event",
          {{"reason", event.reason},
           {"error", std::string(created.message())}});
    }
  }
}

}  // namespace prepull
