// A status document for a place that is too small for a long list.
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prepull/base/text.h"
#include "prepull/report/run_document.h"
#include "src/report/document_image.h"

namespace prepull {
namespace {

// An image has more: its keys alone.
constexpr size_t kMinImageBytes = 200;
// Of a text of the run; readers cut it there, too.
constexpr size_t kMaxRunTextBytes = 1024;
// Of the space, for the names in `not_usable`.
constexpr size_t kNotUsableShare = 10;

// What matters most to those who read only the beginning.
int RankOf(const ImageOutcome& image) {
  if (image.state == ImageState::kFailed) return 0;
  return image.state == ImageState::kStopped ? 1 : 2;
}

// Returns the size of `text` in JSON, with the comma behind it.
size_t JsonBytes(const std::string& text) {
  std::string json;
  AppendJsonString(text, json);
  return json.size() + 1;
}

size_t DocumentBytes(const ImageOutcome& image, Instant now) {
  JsonWriter json;
  WriteImage(json, image, now);
  const bool has_failed = image.state == ImageState::kFailed;
  return json.text().size() + 1 + (has_failed ? JsonBytes(image.image) : 0);
}

void CutNames(size_t budget, std::set<std::string>& names) {
  auto end = names.begin();
  for (size_t used = 0; end != names.end(); ++end) {
    used += JsonBytes(*end);
    if (used > budget) break;
  }
  names.erase(end, names.end());
}

void CutTexts(size_t max_bytes, RunRecord& record) {
  for (std::string* text : {&record.message, &record.given.node,
                            &record.given.instance, &record.runtime.name,
                            &record.runtime.version, &record.runtime.socket}) {
    *text = Printable(*text, kMaxRunTextBytes);
  }
  CutNames(max_bytes / kNotUsableShare, record.not_usable);
}

// Moves what fits into `budget` out of `images`, the failed ones first.
std::vector<ImageOutcome> WhatFits(std::vector<ImageOutcome> images,
                                   size_t budget, Instant now) {
  std::vector<ImageOutcome> kept;
  for (const int rank : std::array{0, 1, 2}) {
    for (ImageOutcome& image : images) {
      if (RankOf(image) != rank) continue;
      const size_t size = DocumentBytes(image, now);
      if (size > budget) return kept;
      budget -= size;
      kept.push_back(std::move(image));
    }
  }
  return kept;
}

ImageCounts Difference(const ImageCounts& a, const ImageCounts& b) {
  return {.waiting = a.waiting - b.waiting,
          .pulling = a.pulling - b.pulling,
          .pulled = a.pulled - b.pulled,
          .skipped = a.skipped - b.skipped,
          .failed = a.failed - b.failed,
          .stopped = a.stopped - b.stopped};
}

}  // namespace

std::string BoundedRunDocument(Run run, size_t max_bytes, Instant now,
                               absl::Time wall_now) {
  if (run.images().size() <= max_bytes / kMinImageBytes) {
    std::string whole = RunDocument(run, now, wall_now);
    if (whole.size() <= max_bytes) return whole;
  }
  const ImageCounts counts = run.counts();
  RunRecord record = std::move(run).Release();
  CutTexts(max_bytes, record);
  std::vector<ImageOutcome> images = std::move(record.images);
  record.images.clear();
  record.omitted = counts;
  const size_t frame = RunDocument(Run::Restore(record), now, wall_now).size();
  const size_t budget = max_bytes > frame ? max_bytes - frame : 0;
  record.images = WhatFits(std::move(images), budget, now);
  record.omitted = {};
  const ImageCounts kept = Run::Restore(record).counts();
  record.omitted = Difference(counts, kept);
  return RunDocument(Run::Restore(std::move(record)), now, wall_now);
}

}  // namespace prepull
