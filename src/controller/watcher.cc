#include "src/controller/watcher.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/random.h"
#include "src/controller/views.h"

namespace prepull {
namespace {

// A ConfigMap of the controller's is one of two things.
struct ConfigMapView {
  std::optional<ListView> list;
  std::optional<ShardView> shard;
};

std::any KeepConfigMap(JsonValue object) {
  ConfigMapView view;
  if (LabelOf(object, kKindLabel) == kListKind) {
    view.list = ViewOfList(object);
  } else if (LabelOf(object, kKindLabel) == kResultsKind) {
    view.shard = ViewOfShard(object);
  }
  return view;
}

KubeCollection CollectionOf(WatchedKind kind, const std::string& name_space) {
  const std::string ours(kPrepullLabel);
  switch (kind) {
    case WatchedKind::kPrepulls:
      return {.group_version = "prepull.dev/v1alpha1",
              .resource = "prepulls",
              .object_namespace = name_space};
    case WatchedKind::kNodes:
      return {.resource = "nodes"};
    case WatchedKind::kJobs:
      return {.group_version = "batch/v1",
              .resource = "jobs",
              .object_namespace = name_space,
              .label_selector = ours};
    case WatchedKind::kPods:
      return {.resource = "pods",
              .object_namespace = name_space,
              .label_selector = ours};
    case WatchedKind::kConfigMaps:
      break;
  }
  return {.resource = "configmaps",
          .object_namespace = name_space,
          .label_selector = ours};
}

KeepFields KeepOf(WatchedKind kind) {
  switch (kind) {
    case WatchedKind::kPrepulls:
      return [](JsonValue object) -> std::any { return ViewOfPrepull(object); };
    case WatchedKind::kNodes:
      return [](JsonValue object) -> std::any { return ViewOfNode(object); };
    case WatchedKind::kJobs:
      return [](JsonValue object) -> std::any { return ViewOfJob(object); };
    case WatchedKind::kPods:
      return [](JsonValue object) -> std::any { return ViewOfPod(object); };
    case WatchedKind::kConfigMaps:
      break;
  }
  return KeepConfigMap;
}

// Keys are "namespace/name".
std::string NameIn(const std::string& key) {
  return key.substr(key.find('/') + 1);
}

WatchNews NewsOf(WatchedKind kind, WatchStep& step) {
  WatchNews news = {
      .kind = kind, .is_listed = step.is_listed(), .problem = step.problem()};
  WatchStore deleted = step.TakeDeleted();
  for (const std::string& key : step.TakeChanges()) {
    ObjectChange change = {.name = NameIn(key)};
    change.now = step.TakeValue(key);
    const auto last = deleted.find(key);
    if (last != deleted.end()) change.last = std::move(last->second.value);
    news.changes.push_back(std::move(change));
  }
  return news;
}

using Names = std::set<std::string>;

void TakePrepull(const ObjectChange& change, ClusterState& cluster,
                 Names& concerned) {
  concerned.insert(change.name);
  if (const auto* prepull = std::any_cast<PrepullView>(&change.now)) {
    cluster.prepulls[change.name] = *prepull;
  } else {
    cluster.prepulls.erase(change.name);
  }
}

void TakeNode(const ObjectChange& change, ClusterState& cluster,
              Names& concerned) {
  const auto* node = std::any_cast<NodeView>(&change.now);
  const auto found = cluster.nodes.find(change.name);
  const bool was_there = found != cluster.nodes.end();
  if (node == nullptr) {
    cluster.nodes.erase(change.name);
  } else if (was_there && found->second == *node) {
    return;  // a heartbeat
  } else {
    cluster.nodes[change.name] = *node;
  }
  concerned.insert("*");
}

void TakeJob(const ObjectChange& change, absl::Time now, ClusterState& cluster,
             Names& concerned) {
  if (const auto* last = std::any_cast<JobView>(&change.last)) {
    concerned.insert(last->prepull);
  }
  if (const auto* job = std::any_cast<JobView>(&change.now)) {
    concerned.insert(job->prepull);
    cluster.PutJob(*job);
  } else {
    concerned.insert(cluster.PrepullOfJob(change.name));
    cluster.EraseJob(change.name, now);
  }
}

void TakePod(const ObjectChange& change, ClusterState& cluster,
             Names& concerned) {
  const auto* last = std::any_cast<PodView>(&change.last);
  const auto* pod = std::any_cast<PodView>(&change.now);
  if (pod != nullptr) {
    concerned.insert(pod->prepull);
    cluster.PutPod(change.name, *pod);
  } else {
    if (last != nullptr) concerned.insert(last->prepull);
    cluster.ErasePod(change.name, last);
  }
}

void TakeConfigMap(const ObjectChange& change, ClusterState& cluster,
                   Names& concerned) {
  const auto* view = std::any_cast<ConfigMapView>(&change.now);
  if (view != nullptr && view->list) {
    concerned.insert(view->list->prepull);
    cluster.PutList(change.name, *view->list);
  } else if (view != nullptr && view->shard) {
    concerned.insert(view->shard->prepull);
    cluster.PutShard(*view->shard);
  } else {
    concerned.insert(cluster.PrepullOfConfigMap(change.name));
    cluster.EraseConfigMap(change.name);
  }
}

}  // namespace

absl::string_view WatchedKindName(WatchedKind kind) {
  switch (kind) {
    case WatchedKind::kPrepulls:
      return "prepulls";
    case WatchedKind::kNodes:
      return "nodes";
    case WatchedKind::kJobs:
      return "jobs";
    case WatchedKind::kPods:
      return "pods";
    case WatchedKind::kConfigMaps:
      break;
  }
  return "configmaps";
}

std::vector<WatchedKind> WatchedKinds() {
  return {WatchedKind::kPrepulls, WatchedKind::kNodes, WatchedKind::kJobs,
          WatchedKind::kPods, WatchedKind::kConfigMaps};
}

std::vector<std::string> TakeNews(const WatchNews& news, absl::Time now,
                                  ClusterState& cluster) {
  Names concerned;
  for (const ObjectChange& change : news.changes) {
    switch (news.kind) {
      case WatchedKind::kPrepulls:
        TakePrepull(change, cluster, concerned);
        break;
      case WatchedKind::kNodes:
        TakeNode(change, cluster, concerned);
        break;
      case WatchedKind::kJobs:
        TakeJob(change, now, cluster, concerned);
        break;
      case WatchedKind::kPods:
        TakePod(change, cluster, concerned);
        break;
      case WatchedKind::kConfigMaps:
        TakeConfigMap(change, cluster, concerned);
        break;
    }
  }
  return {concerned.begin(), concerned.end()};
}

Watcher::Watcher(WatchedKind kind, const std::string& name_space,
                 ApiServer server, const KubeClient::Seams& seams,
                 Mailbox<WatchNews>& mailbox)
    : client_(std::move(server), seams),
      step_(CollectionOf(kind, name_space), KeepOf(kind), seams.roll_dice),
      thread_([this, kind, &mailbox](const std::stop_token& stop) {
        WatchNews last = {.kind = kind};
        client_.Watch(
            step_,
            [&](WatchStep& step) {
              WatchNews news = NewsOf(kind, step);
              const bool is_news = !news.changes.empty() ||
                                   news.is_listed != last.is_listed ||
                                   news.problem != last.problem;
              last.is_listed = news.is_listed;
              last.problem = news.problem;
              if (is_news) mailbox.Post(std::move(news));
            },
            stop);
      }) {}

}  // namespace prepull
