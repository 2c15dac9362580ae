// Catalogue files in YAML. The only file of this room that includes yaml-cpp
// and catches its exceptions.
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

// No cluster accepts a larger bundle; parsing it takes seconds.
constexpr size_t kMaxDocument = 16 << 20;
constexpr int kMaxOpen = 10'000;

// Forwards yaml-cpp's events, in which keys are scalars too, to the builder.
// Aliases are not resolved: where one could matter it is an error, because an
// incomplete list would be wrong.
class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(CatalogDocumentBuilder& builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { Step(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (builder_.WantsValue() && status_.ok()) {
      status_ = absl::UnimplementedError(absl::StrCat(
          "line ", mark.line + 1, ": aliases (*) are not supported"));
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

  // Moves from a key to its value, or from a value to the next key.
  void Step() {
    if (open_.empty() || open_.back() == Bracket::kList) return;
    open_.back() = IsKeyNext() ? Bracket::kValueNext : Bracket::kKeyNext;
  }

  CatalogDocumentBuilder& builder_;
  std::vector<Bracket> open_ = {};
  absl::Status status_ = absl::OkStatus();
};

// Lets a std::istream read a text without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(const std::string& text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// yaml-cpp refuses such depths too, but only after it has stored some hundred
// bytes for every bracket. Brackets inside of texts are counted as well, which
// hardly ever matters.
bool OpensTooMany(absl::string_view text) {
  int open = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMaxOpen) return true;
  }
  return false;
}

// The Status has the message of the exception.
absl::Status ParseInto(const std::string& text,
                       CatalogDocumentBuilder& builder) {
  if (OpensTooMany(text)) {
    return absl::InvalidArgumentError("invalid YAML: too many open brackets");
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
        absl::StrCat("invalid YAML: ", Printable(thrown.what(), 200)));
  }
}

// Returns the package if `line` is `package: NAME` of the outermost block
// mapping, else "". Text inside of other values is always indented.
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

// Splits the file at "---" and parses only documents of wanted packages: to
// parse all of them takes yaml-cpp a minute instead of a second.
class CatalogYaml : public CatalogStream {
 public:
  CatalogYaml(Receive receive, IsWanted wanted)
      : receive_(std::move(receive)), wanted_(std::move(wanted)) {}

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
    if (text_.size() <= kMaxDocument) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        "document ", number_ + 1, ": larger than ", HumanBytes(kMaxDocument)));
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
    return receive_(*std::move(document));
  }

  const Receive receive_;
  const IsWanted wanted_;
  CatalogDocumentBuilder builder_ = {};
  std::string text_ = "";  // of the current document
  size_t line_begin_ = 0;  // of its last line
  bool has_content_ = false;
  bool is_foreign_ = false;  // its package is not wanted
  int64_t number_ = 0;
};

}  // namespace

std::unique_ptr<CatalogStream> MakeCatalogYaml(CatalogStream::Receive receive,
                                               CatalogStream::IsWanted wanted) {
  return std::make_unique<CatalogYaml>(std::move(receive), std::move(wanted));
}

}  // namespace prepull
