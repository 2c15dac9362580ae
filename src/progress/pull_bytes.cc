#include "prepull/progress/pull_bytes.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace prepull {
namespace {

// The folder of a failed pull may be there for a moment longer.
constexpr int kLooksToFall = 2;

}  // namespace

PullBytes::PullBytes(const std::vector<PullFolder>& before) {
  for (const PullFolder& folder : before) foreign_.insert(folder.name);
}

void PullBytes::OnStarted(Image image) {
  const bool is_new = running_.try_emplace(image).second;
  assert(is_new);
  (void)is_new;
}

void PullBytes::OnPulled(Image image,
                         const std::optional<std::vector<int64_t>>& whole) {
  if (whole.has_value()) {
    for (const int64_t size : *whole) {
      ++whole_[size];
      whole_bytes_ += size;
    }
  } else {
    whole_bytes_ += BytesOf(image).value_or(0);
  }
  End(image);
  Update();
}

void PullBytes::OnFailed(Image image) {
  End(image);
  looks_to_fall_ = kLooksToFall;
  Update();
}

void PullBytes::End(Image image) {
  const auto found = running_.find(image);
  assert(found != running_.end());
  const Pull& pull = found->second;
  if (!pull.folder.empty()) foreign_.insert(pull.folder);
  if (pull.is_awaiting) ++ended_awaiting_;
  if (attributed_last_ == image) attributed_last_ = nullptr;
  running_.erase(found);
}

void PullBytes::OnLook(const std::vector<PullFolder>& folders) {
  const std::set<std::string> foreign = std::exchange(foreign_, {});
  const std::map<std::string, Files> loose = std::exchange(loose_, {});
  for (const PullFolder& folder : folders) {
    if (foreign.contains(folder.name)) {
      foreign_.insert(folder.name);
    } else if (Pull* owner = OwnerOf(folder.name)) {
      owner->files = folder.file_bytes;
    } else {
      if (!loose.contains(folder.name)) arrived_.insert(folder.name);
      loose_[folder.name] = folder.file_bytes;
    }
  }
  Match();
  if (running_.empty()) {
    for (const auto& [name, files] : loose_) foreign_.insert(name);
    loose_.clear();
    Settle();
  }
  Update();
  looks_to_fall_ = std::max(0, looks_to_fall_ - 1);
}

PullBytes::Pull* PullBytes::OwnerOf(const std::string& folder) {
  const auto found = std::find_if(
      running_.begin(), running_.end(),
      [&folder](const auto& entry) { return entry.second.folder == folder; });
  return found == running_.end() ? nullptr : &found->second;
}

void PullBytes::Match() {
  const bool has_surplus = HasSurplus();
  if (has_surplus) Revoke();
  attributed_last_ = nullptr;
  const size_t awaiting =
      ended_awaiting_ +
      std::count_if(running_.begin(), running_.end(),
                    [](const auto& entry) { return entry.second.is_awaiting; });
  if (arrived_.size() < awaiting) {
    // Once one of the pulls has ended, the folders that appeared so far could
    // be anybody's.
    if (ended_awaiting_ > 0 && !arrived_.empty()) return Settle();
    ended_awaiting_ = 0;
    return;
  }
  if (awaiting == 1 && arrived_.size() == 1 && !has_surplus) {
    Attribute(*arrived_.begin());
  }
  Settle();
}

// From here on no pull and no folder that is there waits for another.
void PullBytes::Settle() {
  for (auto& [image, pull] : running_) pull.is_awaiting = false;
  arrived_.clear();
  ended_awaiting_ = 0;
}

// Gives `folder` to the only pull that waits for one.
void PullBytes::Attribute(const std::string& folder) {
  const auto found = loose_.extract(folder);
  const auto waiting =
      std::find_if(running_.begin(), running_.end(),
                   [](const auto& entry) { return entry.second.is_awaiting; });
  if (waiting == running_.end()) {
    foreign_.insert(folder);  // that pull has ended
    return;
  }
  waiting->second.folder = folder;
  waiting->second.files = found.mapped();
  attributed_last_ = waiting->first;
}

// Takes back what the last look attributed: a folder of the run that came late
// makes it doubtful.
void PullBytes::Revoke() {
  const auto found = running_.find(attributed_last_);
  if (found == running_.end()) return;
  Pull& pull = found->second;
  loose_[std::exchange(pull.folder, "")] = std::exchange(pull.files, {});
}

// Whether there are folders of somebody else among the loose ones.
bool PullBytes::HasSurplus() const {
  const auto without = std::count_if(
      running_.begin(), running_.end(),
      [](const auto& entry) { return entry.second.folder.empty(); });
  return loose_.size() > static_cast<size_t>(without + ended_awaiting_);
}

std::optional<int64_t> PullBytes::BytesOf(Image image) const {
  const auto found = running_.find(image);
  if (found == running_.end() || found->second.folder.empty()) {
    return std::nullopt;
  }
  return BytesIn(found->second.files);
}

int64_t PullBytes::BytesIn(const Files& files) const {
  absl::flat_hash_map<int64_t, int> left_out;
  int64_t bytes = 0;
  for (const int64_t size : files) {
    const auto whole = whole_.find(size);
    const bool is_whole =
        whole != whole_.end() && left_out[size]++ < whole->second;
    if (!is_whole) bytes += size;
  }
  return bytes;
}

int64_t PullBytes::Count() const {
  int64_t bytes = whole_bytes_;
  for (const auto& [image, pull] : running_) bytes += BytesIn(pull.files);
  if (HasSurplus()) return bytes;
  for (const auto& [name, files] : loose_) bytes += BytesIn(files);
  return bytes;
}

void PullBytes::Update() {
  const int64_t counted = Count();
  bytes_ = looks_to_fall_ > 0 ? counted : std::max(bytes_, counted);
}

}  // namespace prepull
