#include "src/catalog/catalog_stream.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

// Waits for the first byte that says what the file is.
class GuessingStream : public CatalogStream {
 public:
  GuessingStream(Take take, IsWanted wanted)
      : take_(std::move(take)), wanted_(std::move(wanted)) {}

  absl::Status Append(absl::string_view bytes) override {
    if (stream_ != nullptr) return stream_->Append(bytes);
    absl::StrAppend(&start_, bytes);
    const bool may_be_mark =
        start_.size() < kMark.size() && absl::StartsWith(kMark, start_);
    return may_be_mark ? absl::OkStatus() : Begin();
  }

  absl::Status Finish() override {
    if (stream_ == nullptr) {
      RETURN_IF_ERROR(Begin());
    }
    return stream_ == nullptr ? absl::OkStatus() : stream_->Finish();
  }

 private:
  static constexpr absl::string_view kMark = "\xEF\xBB\xBF";
  static constexpr size_t kMostBlanks = 4096;

  absl::Status Begin() {
    absl::string_view start = start_;
    if (is_first_) absl::ConsumePrefix(&start, kMark);
    is_first_ = false;
    // YAML counts blanks; whole lines of them it can do without.
    const size_t blanks =
        start.size() - absl::StripLeadingAsciiWhitespace(start).size();
    start.remove_prefix(start.substr(0, blanks).rfind('\n') + 1);
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(start);
    if (start.size() - text.size() > kMostBlanks) {
      return absl::InvalidArgumentError("begins with too many blanks");
    }
    if (text.empty()) {
      start_ = std::string(start);
      return absl::OkStatus();
    }
    stream_ = text.front() == '{'
                  ? MakeCatalogJson(std::move(take_))
                  : MakeCatalogYaml(std::move(take_), std::move(wanted_));
    return stream_->Append(text.front() == '{' ? text : start);
  }

  Take take_;
  IsWanted wanted_;
  std::unique_ptr<CatalogStream> stream_;
  std::string start_ = "";  // as long as it says nothing
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogStream(
    CatalogStream::Take take, CatalogStream::IsWanted wanted) {
  return std::make_unique<GuessingStream>(std::move(take), std::move(wanted));
}

}  // namespace prepull
