#include "src/controller/controller_metrics.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace prepull {
namespace {

constexpr size_t kMaxPrepulls = 100;
constexpr absl::string_view kOthers = "(others)";
// A pass comes at least once a minute; the API server may hold one up.
constexpr absl::Duration kAliveWithin = absl::Minutes(10);

void AddHead(absl::string_view name, absl::string_view type,
             absl::string_view help, std::string& page) {
  absl::StrAppend(&page, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                  type, "\n");
}

void AddSample(absl::string_view name, absl::string_view labels, double value,
               std::string& page) {
  absl::StrAppend(&page, name, labels.empty() ? "" : "{", labels,
                  labels.empty() ? "" : "}", " ", value, "\n");
}

std::string StateLabels(absl::string_view prepull, absl::string_view state) {
  return absl::StrCat("prepull=\"", prepull, "\",state=\"", state, "\"");
}

void AddNodes(absl::string_view prepull, const NodeCounts& nodes,
              std::string& page) {
  const std::array<std::pair<absl::string_view, int64_t>, 6> states = {
      {{"NotStarted", nodes.not_started},
       {"Active", nodes.active},
       {"Succeeded", nodes.succeeded},
       {"Failed", nodes.failed},
       {"TimedOut", nodes.timed_out},
       {"Unreachable", nodes.unreachable}}};
  for (const auto& [state, count] : states) {
    AddSample("prepull_nodes", StateLabels(prepull, state),
              static_cast<double>(count), page);
  }
}

void AddImages(absl::string_view prepull, const ImageCounts& images,
               std::string& page) {
  const std::array<std::pair<absl::string_view, int64_t>, 4> states = {
      {{"Pulled", images.pulled},
       {"Skipped", images.skipped},
       {"Failed", images.failed},
       {"Stopped", images.stopped}}};
  for (const auto& [state, count] : states) {
    AddSample("prepull_images", StateLabels(prepull, state),
              static_cast<double>(count), page);
  }
}

void Add(const NodeCounts& more, NodeCounts& sum) {
  sum.not_started += more.not_started;
  sum.active += more.active;
  sum.succeeded += more.succeeded;
  sum.failed += more.failed;
  sum.timed_out += more.timed_out;
  sum.unreachable += more.unreachable;
}

void Add(const ImageCounts& more, ImageCounts& sum) {
  sum.pulled += more.pulled;
  sum.skipped += more.skipped;
  sum.failed += more.failed;
  sum.stopped += more.stopped;
}

}  // namespace

void ControllerMetrics::SetPrepull(const std::string& name,
                                   const StatusFacts& status) {
  MutexLock lock(mutex_);
  prepulls_[name] = {.nodes = status.summary.nodes,
                     .images = status.summary.images,
                     .is_paused = status.phase == "Paused"};
}

void ControllerMetrics::RemovePrepull(const std::string& name) {
  MutexLock lock(mutex_);
  prepulls_.erase(name);
}

void ControllerMetrics::AddWrite(absl::string_view verb, bool is_ok) {
  MutexLock lock(mutex_);
  ++writes_[{std::string(verb), is_ok}];
}

void ControllerMetrics::AddPass(absl::Duration took) {
  MutexLock lock(mutex_);
  ++passes_;
  pass_time_ += took;
  passed_at_ = clock_.Now();
}

void ControllerMetrics::SetWatch(absl::string_view kind, bool is_listed,
                                 bool has_problem) {
  MutexLock lock(mutex_);
  watches_[std::string(kind)] = {.is_listed = is_listed,
                                 .has_problem = has_problem};
}

HttpPage ControllerMetrics::Page(absl::string_view path) const {
  if (path == "/healthz") return Health();
  if (path == "/readyz") return Readiness();
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = Figures()};
  }
  return {.status = 404, .body = "see /metrics, /healthz and /readyz\n"};
}

HttpPage ControllerMetrics::Health() const {
  MutexLock lock(mutex_);
  const bool is_stuck = passed_at_ != Instant::Never() &&
                        clock_.Now() - passed_at_ > kAliveWithin;
  if (is_stuck) return {.status = 503, .body = "no pass for 10 minutes\n"};
  return {.body = "ok\n"};
}

HttpPage ControllerMetrics::Readiness() const {
  MutexLock lock(mutex_);
  for (const auto& [kind, watch] : watches_) {
    if (watch.is_listed) continue;
    return {.status = 503,
            .body = absl::StrCat("the ", kind, " are not known yet\n")};
  }
  return {.body = "ok\n"};
}

std::string ControllerMetrics::Figures() const {
  MutexLock lock(mutex_);
  std::string nodes;
  std::string images;
  PrepullFigures others;
  size_t shown = 0;
  int64_t paused = 0;
  for (const auto& [name, figures] : prepulls_) {
    paused += figures.is_paused;
    if (++shown > kMaxPrepulls) {
      Add(figures.nodes, others.nodes);
      Add(figures.images, others.images);
      continue;
    }
    AddNodes(name, figures.nodes, nodes);
    AddImages(name, figures.images, images);
  }
  if (shown > kMaxPrepulls) {
    AddNodes(kOthers, others.nodes, nodes);
    AddImages(kOthers, others.images, images);
  }
  std::string page;
  AddHead("prepull_nodes", "gauge", "Nodes of a Prepull by state.", page);
  page += nodes;
  AddHead("prepull_images", "gauge",
          "Images in the results of a Prepull's nodes by state.", page);
  page += images;
  AddHead("prepull_prepulls", "gauge", "Prepulls.", page);
  AddSample("prepull_prepulls", "", static_cast<double>(prepulls_.size()),
            page);
  AddHead("prepull_prepulls_paused", "gauge",
          "Prepulls that wait for an edit, because too many nodes failed.",
          page);
  AddSample("prepull_prepulls_paused", "", static_cast<double>(paused), page);
  AddHead("prepull_api_writes_total", "counter",
          "Writes to the API server by verb and result.", page);
  for (const auto& [key, count] : writes_) {
    AddSample("prepull_api_writes_total",
              absl::StrCat("verb=\"", key.first, "\",result=\"",
                           key.second ? "ok" : "error", "\""),
              static_cast<double>(count), page);
  }
  AddHead("prepull_watch_up_to_date", "gauge",
          "Whether the copy of the objects of a kind is up to date.", page);
  for (const auto& [kind, watch] : watches_) {
    AddSample("prepull_watch_up_to_date", absl::StrCat("kind=\"", kind, "\""),
              watch.is_listed && !watch.has_problem ? 1 : 0, page);
  }
  AddHead("prepull_reconcile_seconds", "summary",
          "What deciding and writing took.", page);
  AddSample("prepull_reconcile_seconds_sum", "",
            absl::ToDoubleSeconds(pass_time_), page);
  AddSample("prepull_reconcile_seconds_count", "", static_cast<double>(passes_),
            page);
  return page;
}

}  // namespace prepull
