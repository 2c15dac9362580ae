#include "src/runtime/store_layers.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/image/digest.h"

namespace prepull {
namespace {

namespace json = boost::json;

// Deeper than any version of the file.
constexpr size_t kMaxDepth = 16;
// No name or digest of interest is longer; the rest of a text is dropped.
constexpr size_t kMaxText = 256;

// What is known of the layer that is being read.
struct StoreLayer {
  std::string compressed_digest;
  std::string digest;
  std::string toc_digest;
  bool is_incomplete = false;
};

// Takes the parser's events: layers are the objects in the outermost array.
struct LayerEvents {
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
  bool on_array_begin(Error& error) {
    if (depth++ == 1) return Refuse(error);
    return true;
  }
  bool on_array_end(size_t, Error&) {
    --depth;
    return true;
  }
  bool on_object_begin(Error& error) {
    if (depth++ == 0) return Refuse(error);
    if (depth == 2) layer = {};
    return true;
  }
  bool on_object_end(size_t, Error&) {
    if (depth-- == 2) AddLayer();
    return true;
  }
  bool on_key_part(View part, size_t, Error&) { return Collect(part); }
  bool on_key(View last, size_t, Error&) {
    Collect(last);
    if (depth == 2) member = text;
    if (depth == 3) inner_member = text;
    text.clear();
    return true;
  }
  bool on_string_part(View part, size_t, Error&) { return Collect(part); }
  bool on_string(View last, size_t, Error& error) {
    Collect(last);
    if (depth == 2) SetText();
    text.clear();
    return CheckScalar(error);
  }
  bool on_bool(bool value, Error& error) {
    if (depth == 3 && member == "flags" && inner_member == "incomplete") {
      layer.is_incomplete = value;
    }
    return CheckScalar(error);
  }
  bool on_number_part(View, Error&) { return true; }
  bool on_int64(int64_t, View, Error& error) { return CheckScalar(error); }
  bool on_uint64(uint64_t, View, Error& error) { return CheckScalar(error); }
  bool on_double(double, View, Error& error) { return CheckScalar(error); }
  bool on_null(Error& error) {
    return depth == 0 || CheckScalar(error);  // an empty list of Go's
  }
  bool on_comment_part(View, Error&) { return true; }
  bool on_comment(View, Error&) { return true; }

  // Where a layer should be.
  bool CheckScalar(Error& error) { return depth >= 2 || Refuse(error); }

  bool Refuse(Error& error) {
    is_refused = true;
    error = json::error::not_array;
    return false;
  }

  bool Collect(View part) {
    if (depth > 3) return true;
    text.append(part.data(), std::min(part.size(), kMaxText - text.size()));
    return true;
  }

  void SetText() {
    if (member == "compressed-diff-digest") layer.compressed_digest = text;
    if (member == "diff-digest") layer.digest = text;
    if (member == "toc-digest") layer.toc_digest = text;
  }

  void AddLayer() {
    if (layer.is_incomplete) return;
    const bool is_known = Add(layer.compressed_digest);
    const bool is_of_image = Add(layer.digest) || !layer.toc_digest.empty();
    if (is_of_image && !is_known) set.is_complete = false;
  }

  bool Add(std::string& digest) {
    if (!CheckDigest(digest).ok()) return false;
    set.digests.insert(std::move(digest));
    return true;
  }

  size_t depth = 0;
  std::string text;          // what came of the current key or string
  std::string member;        // of the layer
  std::string inner_member;  // of a member of the layer
  StoreLayer layer;
  LayerSet set;
  bool is_refused = false;
};

}  // namespace

absl::StatusOr<LayerSet> ParseStoreLayers(absl::string_view text) {
  if (text.empty()) return LayerSet();
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<LayerEvents> parser(options);
  json::error_code error;
  const size_t parsed =
      parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().is_refused) {
    return absl::InvalidArgumentError("expected a list of layers");
  }
  if (!error && parsed < text.size()) error = json::error::extra_data;
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON: ", error.message()));
  }
  return std::move(parser.handler().set);
}

}  // namespace prepull
