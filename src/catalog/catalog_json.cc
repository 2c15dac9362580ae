#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "src/catalog/catalog_stream.h"

namespace prepull {
namespace {

namespace json = boost::json;

// Deeper than any document that we know; properties may hold whole schemas.
constexpr size_t kDeepest = 200;
// No name that concerns us is longer; the rest of a text is dropped.
constexpr size_t kLongestText = 64 << 10;

// Turns the parser's events into the builder's; a text that nobody wants is
// not put together.
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
    if (text.size() < kLongestText) text.append(part.data(), part.size());
  }

  CatalogDocumentBuilder builder = {};
  std::string text = "";
};

class CatalogJson : public CatalogStream {
 public:
  explicit CatalogJson(Take take) : take_(std::move(take)) {}

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
      if (error) return Wrong("is no JSON");
      bytes.remove_prefix(used);
      if (!parser_.done()) return absl::OkStatus();
      RETURN_IF_ERROR(End());
    }
  }

  absl::Status Finish() override {
    return is_inside_ ? Wrong("is cut off") : absl::OkStatus();
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
    return take_(*std::move(document));
  }

  absl::Status Wrong(absl::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat("document ", number_, ": ", why));
  }

  static json::parse_options Options() {
    json::parse_options options;
    options.max_depth = kDeepest;
    options.allow_invalid_utf8 = true;  // where nobody looks it may stand
    return options;
  }

  const Take take_;
  json::basic_parser<JsonEvents> parser_{Options()};
  bool is_inside_ = false;  // a document has begun
  int64_t number_ = 0;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogJson(CatalogStream::Take take) {
  return std::make_unique<CatalogJson>(std::move(take));
}

}  // namespace prepull
