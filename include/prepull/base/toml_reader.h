// Reads TOML into a tree whose values know where they stand. The one place that
// knows how to parse TOML. Pure.
//
// Texts and keys have "?" for what is not ASCII, as names of registries are.
// Source: https://toml.io/en/v1.0.0
#ifndef PREPULL_BASE_TOML_READER_H_
#define PREPULL_BASE_TOML_READER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prepull {

struct TomlValue {
  enum class Kind { kTable, kArray, kString, kBoolean, kOther };

  Kind kind = Kind::kOther;
  std::string key = "";  // in its table
  std::string text = "";
  bool boolean = false;
  // Of a table or an array, in the order of the text.
  std::vector<TomlValue> items = {};
  // From 1.
  int line = 0;
  int column = 0;

  // Returns the item `key` of a table, or null.
  const TomlValue* Find(absl::string_view name) const;
};

class TomlDocument {
 public:
  // `name`: of the file, for messages. Errors: INVALID_ARGUMENT
  // "NAME:LINE:COLUMN: " and what is wrong.
  static absl::StatusOr<TomlDocument> Parse(absl::string_view text,
                                            const std::string& name);

  const TomlValue& root() const { return root_; }

  // Returns "NAME:LINE".
  std::string LineOf(const TomlValue& value) const;

  // Returns INVALID_ARGUMENT  "NAME:LINE:COLUMN: " and `what`.
  absl::Status Error(const TomlValue& value, absl::string_view what) const;

  // Each reads the item `key` of `table` into `value`, which stays as it is if
  // there is no such item. Errors: INVALID_ARGUMENT  it has another type.
  absl::Status Read(const TomlValue& table, absl::string_view key,
                    std::string& value) const;
  absl::Status Read(const TomlValue& table, absl::string_view key,
                    bool& value) const;

  // Returns the tables of the array `key` of `table`. Errors: INVALID_ARGUMENT
  // it is something else.
  absl::StatusOr<std::vector<const TomlValue*>> Tables(
      const TomlValue& table, absl::string_view key) const;

 private:
  TomlDocument() = default;

  std::string name_;
  TomlValue root_;
};

}  // namespace prepull

#endif  // PREPULL_BASE_TOML_READER_H_
