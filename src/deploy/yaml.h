// Writes YAML: a tree of maps, lists and scalars, printed in the style of
// kubectl, or as JSON.
//
// Every text is read back as the same text: what YAML could read as something
// else ("no", "1e3", "a: b") is quoted and escaped.
#ifndef PREPULL_SRC_DEPLOY_YAML_H_
#define PREPULL_SRC_DEPLOY_YAML_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prepull {

class Yaml {
 public:
  // An empty map: Yaml().Add("kind", "Namespace").
  Yaml() = default;

  // `text` must be valid UTF-8.
  static Yaml Text(absl::string_view text);
  // The same as a block of several lines. `text` must not have control
  // characters except tabs and line feeds: blocks have no escapes.
  static Yaml Block(absl::string_view text);
  static Yaml Number(int64_t value);
  // A number, or a share "25%", which is text.
  static Yaml IntOrShare(const std::string& text);
  static Yaml Bool(bool value);
  static Yaml Null();
  static Yaml List(std::vector<Yaml> items = {});
  static Yaml Texts(const std::vector<std::string>& texts);

  // Appends an entry to a map; the key must be new.
  Yaml& Add(absl::string_view key, Yaml value);
  Yaml& Add(absl::string_view key, absl::string_view text);

  // Appends an item to a list.
  Yaml& Append(Yaml item);

  bool empty() const { return items_.empty(); }

  // Returns the document without its "---".
  std::string Document() const;

  // Returns the same as JSON, on one line.
  std::string Json() const;

 private:
  enum class Kind { kMap, kList, kText, kBlock, kWord };

  Yaml(Kind kind, absl::string_view scalar) : kind_(kind), scalar_(scalar) {}

  void PrintMap(size_t indent, bool is_begun, std::string& out) const;
  void PrintList(size_t indent, std::string& out) const;
  void PrintBlock(size_t indent, std::string& out) const;
  void PrintValue(size_t indent, std::string& out) const;
  std::string Scalar() const;
  void PrintJson(std::string& out) const;
  void PrintJsonItems(std::string& out) const;

  Kind kind_ = Kind::kMap;
  std::string scalar_;
  std::vector<std::string> keys_;  // of a map, one for each item
  std::vector<Yaml> items_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_DEPLOY_YAML_H_
