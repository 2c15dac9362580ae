// The only place of this room that may include yaml-cpp and catch what it
// throws.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <istream>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "src/catalog/catalog_stream.h"

namespace prepull {
namespace {

// A bundle of more no cluster could take; parsing it takes seconds.
constexpr size_t kLargestDocument = 16 << 20;
constexpr int kMostOpen = 10'000;

// Turns yaml-cpp's events, which call keys scalars too, into the builder's.
// What an alias stands for is not looked up: where one could matter it is an
// error, for half a list would be a lie.
class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(CatalogDocumentBuilder& builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { Step(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (builder_.IsHeeding() && status_.ok()) {
      status_ = absl::UnimplementedError(
          absl::StrCat("has an alias (*) in its line ", mark.line + 1,
                       ", which is not followed"));
    }
    Step();
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    if (IsKeyNext()) {
      builder_.Key(text);
    } else {
      builder_.Text(text);
    }
    Step();
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    builder_.OpenArray();
    open_.push_back(Bracket::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    builder_.OpenObject();
    open_.push_back(Bracket::kKeyNext);
  }
  void OnMapEnd() override { Close(); }

  const absl::Status& status() const { return status_; }

 private:
  enum class Bracket { kList, kKeyNext, kValueNext };

  bool IsKeyNext() const {
    return !open_.empty() && open_.back() == Bracket::kKeyNext;
  }

  void Close() {
    builder_.Close();
    open_.pop_back();
    Step();
  }

  // From a key to its value, from a value to the next key.
  void Step() {
    if (open_.empty() || open_.back() == Bracket::kList) return;
    open_.back() = IsKeyNext() ? Bracket::kValueNext : Bracket::kKeyNext;
  }

  CatalogDocumentBuilder& builder_;
  std::vector<Bracket> open_ = {};
  absl::Status status_ = absl::OkStatus();
};

// A std::istream reads from it without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(const std::string& text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// yaml-cpp refuses such depths too, but only after it has noted every bracket,
// with some hundred bytes for each. Those inside of texts hardly ever count.
bool OpensTooMany(absl::string_view text) {
  int open = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMostOpen) return true;
  }
  return false;
}

// Where yaml-cpp throws, its sentence is what the Status says.
absl::Status ParseInto(const std::string& text,
                       CatalogDocumentBuilder& builder) {
  if (OpensTooMany(text)) {
    return absl::InvalidArgumentError("is no YAML: too many open brackets");
  }
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    YamlEvents events(builder);
    parser.HandleNextDocument(events);
    return events.status();
  } catch (const YAML::Exception& thrown) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no YAML: ", Printable(thrown.what(), 200)));
  }
}

// The package that a line of the outermost block mapping names; empty if the
// line is no such one. Text inside of other values is always indented.
absl::string_view PackageIn(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "package:")) return "";
  line = absl::StripAsciiWhitespace(line);
  if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'') &&
      line.back() == line.front()) {
    line = line.substr(1, line.size() - 2);
  }
  const bool is_plain =
      line.find_first_of("\"'\\#&*!|>{[%@`") == absl::string_view::npos;
  return is_plain ? line : "";
}

// Cuts the file at its "---", and parses only documents that concern us:
// yaml-cpp takes a minute for what is found here in a second.
class CatalogYaml : public CatalogStream {
 public:
  CatalogYaml(Take take, IsWanted wanted)
      : take_(std::move(take)), wanted_(std::move(wanted)) {}

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      if (end == absl::string_view::npos) {
        return Keep(bytes);
      }
      RETURN_IF_ERROR(Keep(bytes.substr(0, end + 1)));
      bytes.remove_prefix(end + 1);
      RETURN_IF_ERROR(EndLine());
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    RETURN_IF_ERROR(EndLine());
    return EndDocument();
  }

 private:
  absl::Status Keep(absl::string_view bytes) {
    text_.append(bytes.data(), bytes.size());
    if (text_.size() <= kLargestDocument) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("document ", number_ + 1, ": larger than ",
                     HumanBytes(kLargestDocument)));
  }

  absl::Status EndLine() {
    const absl::string_view line = absl::string_view(text_).substr(line_begin_);
    if (absl::StartsWith(line, "---") &&
        (line.size() == 3 ||
         absl::ascii_isspace(static_cast<unsigned char>(line[3])))) {
      std::string opening(line);
      text_.resize(line_begin_);
      RETURN_IF_ERROR(EndDocument());
      text_ = std::move(opening);
      has_content_ = HasContent(absl::string_view(text_).substr(3));
    } else {
      const absl::string_view package = PackageIn(line);
      if (!package.empty()) is_foreign_ = !wanted_(package);
      has_content_ = has_content_ || HasContent(line);
    }
    line_begin_ = text_.size();
    return absl::OkStatus();
  }

  static bool HasContent(absl::string_view line) {
    line = absl::StripAsciiWhitespace(line);
    return !line.empty() && line.front() != '#' && line != "...";
  }

  absl::Status EndDocument() {
    const std::string text = std::exchange(text_, "");
    line_begin_ = 0;
    const bool is_foreign = std::exchange(is_foreign_, false);
    if (!std::exchange(has_content_, false)) return absl::OkStatus();
    ++number_;
    if (is_foreign) return absl::OkStatus();
    absl::Status parsed = ParseInto(text, builder_);
    absl::StatusOr<CatalogDocument> document = builder_.Finish();
    if (parsed.ok()) parsed = document.status();
    RETURN_IF_ERROR(Annotate(parsed, absl::StrCat("document ", number_)));
    return take_(*std::move(document));
  }

  const Take take_;
  const IsWanted wanted_;
  CatalogDocumentBuilder builder_ = {};
  std::string text_ = "";  // of the document at hand
  size_t line_begin_ = 0;  // of its last line
  bool has_content_ = false;
  bool is_foreign_ = false;  // it is of a package that nobody wants
  int64_t number_ = 0;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogYaml(CatalogStream::Take take,
                                               CatalogStream::IsWanted wanted) {
  return std::make_unique<CatalogYaml>(std::move(take), std::move(wanted));
}

}  // namespace prepull
