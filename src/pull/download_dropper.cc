#include "src/pull/download_dropper.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/log.h"
#include "src/pull/error_class.h"

namespace prepull {
namespace {

constexpr absl::Duration kListPagesTimeout = absl::Seconds(10);
// The runtime reads the whole of a download before it lets go of it.
constexpr absl::Duration kDropTimeout = absl::Minutes(1);

// No page is longer than a step of a download's offset. More is a good answer
// that was cut, as far as anybody can tell before its digest is known; what has
// not come to its first step yet shows as nothing.
constexpr int64_t kLongestPageBytes = 1 << 20;

}  // namespace

// failed commit on ref "layer-sha256:...": unexpected commit digest ...
std::string DownloadNamedBy(const absl::Status& error) {
  constexpr absl::string_view kLabel = "failed commit on ref \"";
  absl::string_view text = error.message();
  const size_t label = text.find(kLabel);
  if (label == absl::string_view::npos) return "";
  text.remove_prefix(label + kLabel.size());
  return std::string(text.substr(0, text.find('"')));
}

std::vector<std::string> PossiblePages(
    const std::vector<OpenDownload>& downloads,
    const std::vector<std::string>& blobs) {
  std::vector<std::string> refs;
  for (const OpenDownload& download : downloads) {
    const bool is_short =
        download.offset_bytes > 0 && download.offset_bytes < kLongestPageBytes;
    const bool is_of_image =
        blobs.empty() ||
        std::find(blobs.begin(), blobs.end(), download.digest) != blobs.end();
    if (is_short && is_of_image) refs.push_back(download.ref);
  }
  return refs;
}

void DownloadDropper::Drop(const absl::Status& error,
                           const std::vector<std::string>& blobs, Task then) {
  if (extension_ == nullptr) return then();
  ++open_;
  Task done = [this, then = std::move(then)] {
    --open_;
    then();
  };
  const std::string named = DownloadNamedBy(error);
  if (!named.empty()) return DropOne(named, std::move(done));
  extension_->ListDownloads(
      kListPagesTimeout, [this, post = post_, blobs, done = std::move(done)](
                             absl::StatusOr<std::vector<OpenDownload>> listed) {
        post([this, blobs, done, listed = std::move(listed)] {
          DropAll(listed.ok() ? PossiblePages(*listed, blobs)
                              : std::vector<std::string>(),
                  done);
        });
      });
}

void DownloadDropper::DropAll(const std::vector<std::string>& refs,
                              const Task& then) {
  if (refs.empty()) return then();
  auto left = std::make_shared<size_t>(refs.size());
  for (const std::string& ref : refs) {
    DropOne(ref, [left, then] {
      if (--*left == 0) then();
    });
  }
}

void DownloadDropper::Tell(const std::string& ref,
                           const absl::Status& dropped) {
  if (dropped.ok()) {
    Log(LogLevel::kInfo, "download with wrong bytes dropped",
        {{"download", ref}});
  } else {
    Log(LogLevel::kWarn, "download with wrong bytes is still there",
        {{"download", ref}, {"error", ReportedMessage(dropped)}});
  }
}

void DownloadDropper::DropOne(const std::string& ref, Task then) {
  extension_->DropDownload(
      ref, kDropTimeout,
      [post = post_, ref, then = std::move(then)](const absl::Status& dropped) {
        post([ref, then, dropped] {
          Tell(ref, dropped);
          then();
        });
      });
}

}  // namespace prepull
