#include "src/source/catalog_stream.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace prepull {
namespace {

// Waits for the first byte that says what the file is.
class GuessingStream : public CatalogStream {
 public:
  GuessingStream(Take take, IsWanted wanted)
      : take_(std::move(take)), wanted_(std::move(wanted)) {}

  absl::Status Append(absl::string_view bytes) override {
    if (stream_ != nullptr) return stream_->Append(bytes);
    if (is_first_) absl::ConsumePrefix(&bytes, "\xEF\xBB\xBF");
    is_first_ = is_first_ && bytes.empty();
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(bytes);
    if (text.empty()) return absl::OkStatus();
    stream_ = text.front() == '{'
                  ? MakeCatalogJson(std::move(take_))
                  : MakeCatalogYaml(std::move(take_), std::move(wanted_));
    // YAML counts blanks; whole lines of them it can do without.
    return stream_->Append(text.front() == '{' ? text : bytes);
  }

  absl::Status Finish() override {
    return stream_ == nullptr ? absl::OkStatus() : stream_->Finish();
  }

 private:
  Take take_;
  IsWanted wanted_;
  std::unique_ptr<CatalogStream> stream_;
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogStream(
    CatalogStream::Take take, CatalogStream::IsWanted wanted) {
  return std::make_unique<GuessingStream>(std::move(take), std::move(wanted));
}

}  // namespace prepull
