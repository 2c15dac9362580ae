#include "prepull/progress/download_dropper.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prepull/base/log.h"
#include "prepull/base/redact.h"

namespace prepull {
namespace {

constexpr absl::Duration kListPagesTimeout = absl::Seconds(10);
// The runtime reads the whole of a download before it lets go of it.
constexpr absl::Duration kDropTimeout = absl::Minutes(1);

// A step of a download's offset: what has not come to its first one yet shows
// as nothing.
constexpr int64_t kPageBytes = kDownloadStepBytes;

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

ShortAnswers PickShortAnswers(const std::vector<OpenDownload>& listed,
                              const TouchedDownloads& downloads) {
  ShortAnswers found;
  const std::vector<std::string>& blobs = downloads.blobs;
  for (const OpenDownload& download : listed) {
    const bool is_of_image =
        blobs.empty() ||
        std::find(blobs.begin(), blobs.end(), download.digest) != blobs.end();
    if (!is_of_image || download.offset_bytes <= 0) continue;
    if (download.offset_bytes < kPageBytes) {
      found.pages.push_back(download.ref);
    } else if (downloads.may_have_grown(download.digest)) {
      found.suspects.push_back(download.ref);
    }
  }
  return found;
}

void DownloadDropper::Drop(const ImageOutcome* image, const absl::Status& error,
                           const TouchedDownloads& downloads, Task then) {
  if (downloads_ == nullptr) return then();
  ++open_;
  Task done = [this, then = std::move(then)] {
    --open_;
    then();
  };
  const std::string named = DownloadNamedBy(error);
  if (!named.empty()) return DropOne(named, std::move(done));
  downloads_->List(kListPagesTimeout,
                   scope_.Callback<absl::StatusOr<std::vector<OpenDownload>>>(
                       [this, image, downloads, done](const auto& listed) {
                         if (!listed.ok()) return done();
                         Sort(image, *listed, downloads, done);
                       }));
}

void DownloadDropper::Sort(const ImageOutcome* image,
                           const std::vector<OpenDownload>& listed,
                           const TouchedDownloads& downloads,
                           const Task& then) {
  const ShortAnswers found = PickShortAnswers(listed, downloads);
  if (!found.suspects.empty()) {
    suspects_[image].insert(found.suspects.begin(), found.suspects.end());
  }
  DropAll(found.pages, then);
}

void DownloadDropper::DropSuspects() {
  for (const auto& [image, refs] : suspects_) {
    ++open_;
    DropAll(Refs(refs.begin(), refs.end()), [this, image = image] {
      --open_;
      Acquit(image);
    });
  }
}

void DownloadDropper::DropAll(const Refs& refs, const Task& then) {
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
    Log(LogLevel::kInfo, "download with wrong bytes discarded",
        {{"download", ref}});
  } else {
    Log(LogLevel::kWarn, "download with wrong bytes is still there",
        {{"download", ref}, {"error", ReportedMessage(dropped)}});
  }
}

void DownloadDropper::DropOne(const std::string& ref, Task then) {
  downloads_->Drop(
      ref, kDropTimeout,
      scope_.Callback<absl::Status>(
          [ref, then = std::move(then)](const absl::Status& dropped) {
            Tell(ref, dropped);
            then();
          }));
}

}  // namespace prepull
