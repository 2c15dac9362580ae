#include "src/catalog/catalog_stream.h"

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"

namespace prepull {
namespace {

namespace json = boost::json;

// Deeper than any known document; properties may contain whole schemas.
constexpr size_t kMaxDepth = 200;
// No name of interest is longer; the rest of a text is dropped.
constexpr size_t kMaxText = 64 << 10;

// Forwards the parser's events to the builder; unwanted texts are not
// collected.
struct JsonEvents {
  // NOLINTBEGIN(readability-identifier-naming): the parser asks for these.
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;
  // NOLINTEND(readability-identifier-naming)

  using Error = json::error_code;
  using View = json::string_view;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    builder.OpenObject();
    return true;
  }
  bool on_object_end(size_t, Error&) {
    builder.Close();
    return true;
  }
  bool on_array_begin(Error&) {
    builder.OpenArray();
    return true;
  }
  bool on_array_end(size_t, Error&) {
    builder.Close();
    return true;
  }
  bool on_key_part(View part, size_t, Error&) {
    Collect(part);
    return true;
  }
  bool on_key(View last, size_t, Error&) {
    Collect(last);
    builder.Key(text);
    text.clear();
    return true;
  }
  bool on_string_part(View part, size_t, Error&) {
    if (builder.WantsText()) Collect(part);
    return true;
  }
  bool on_string(View last, size_t, Error&) {
    if (builder.WantsText()) {
      Collect(last);
      builder.Text(text);
    }
    text.clear();
    return true;
  }
  bool on_number_part(View, Error&) { return true; }
  bool on_int64(int64_t, View, Error&) { return true; }
  bool on_uint64(uint64_t, View, Error&) { return true; }
  bool on_double(double, View, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(View, Error&) { return true; }
  bool on_comment(View, Error&) { return true; }

  void Collect(View part) {
    if (text.size() < kMaxText) text.append(part.data(), part.size());
  }

  CatalogDocumentBuilder builder = {};
  std::string text = "";
};

class CatalogJson : public CatalogStream {
 public:
  explicit CatalogJson(Receive receive) : receive_(std::move(receive)) {}

  absl::Status Append(absl::string_view bytes) override {
    while (true) {
      if (!is_inside_) {
        bytes = absl::StripLeadingAsciiWhitespace(bytes);
        if (bytes.empty()) return absl::OkStatus();
        is_inside_ = true;
        ++number_;
      }
      json::error_code error;
      const size_t used =
          parser_.write_some(/*more=*/true, bytes.data(), bytes.size(), error);
      if (error) return Invalid("invalid JSON");
      bytes.remove_prefix(used);
      if (!parser_.done()) return absl::OkStatus();
      RETURN_IF_ERROR(End());
    }
  }

  absl::Status Finish() override {
    return is_inside_ ? Invalid("unexpected end of file") : absl::OkStatus();
  }

 private:
  absl::Status End() {
    is_inside_ = false;
    parser_.reset();
    absl::StatusOr<CatalogDocument> document =
        parser_.handler().builder.Finish();
    if (!document.ok()) {
      return Annotate(document.status(), absl::StrCat("document ", number_));
    }
    return receive_(*std::move(document));
  }

  absl::Status Invalid(absl::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat("document ", number_, ": ", why));
  }

  static json::parse_options Options() {
    json::parse_options options;
    options.max_depth = kMaxDepth;
    options.allow_invalid_utf8 = true;  // in fields that are not read
    return options;
  }

  const Receive receive_;
  json::basic_parser<JsonEvents> parser_{Options()};
  bool is_inside_ = false;  // a document has begun
  int64_t number_ = 0;
};

// Detects the kind of the file by its first byte.
class DetectingStream : public CatalogStream {
 public:
  DetectingStream(Receive receive, IsWanted wanted)
      : receive_(std::move(receive)), wanted_(std::move(wanted)) {}

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
  static constexpr size_t kMaxBlanks = 4096;

  absl::Status Begin() {
    absl::string_view start = start_;
    if (is_first_) absl::ConsumePrefix(&start, kMark);
    is_first_ = false;
    // Indentation matters in YAML; whole lines of blanks do not.
    const size_t blanks =
        start.size() - absl::StripLeadingAsciiWhitespace(start).size();
    start.remove_prefix(start.substr(0, blanks).rfind('\n') + 1);
    const absl::string_view text = absl::StripLeadingAsciiWhitespace(start);
    if (start.size() - text.size() > kMaxBlanks) {
      return absl::InvalidArgumentError("too many blanks at the beginning");
    }
    if (text.empty()) {
      start_ = std::string(start);
      return absl::OkStatus();
    }
    stream_ = text.front() == '{'
                  ? MakeCatalogJson(std::move(receive_))
                  : MakeCatalogYaml(std::move(receive_), std::move(wanted_));
    return stream_->Append(text.front() == '{' ? text : start);
  }

  Receive receive_;
  IsWanted wanted_;
  std::unique_ptr<CatalogStream> stream_;
  std::string start_ = "";  // until the kind is known
  bool is_first_ = true;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogStream(
    CatalogStream::Receive receive, CatalogStream::IsWanted wanted) {
  return std::make_unique<DetectingStream>(std::move(receive),
                                           std::move(wanted));
}

std::unique_ptr<CatalogStream> MakeCatalogJson(CatalogStream::Receive receive) {
  return std::make_unique<CatalogJson>(std::move(receive));
}

}  // namespace prepull
