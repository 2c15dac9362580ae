// Layers for tests: tars in memory, entry by entry, packed or not. Written by
// hand, so that a test can have what no honest tool would write.
#ifndef PREPULL_TEST_SUPPORT_TAR_BUILDER_H_
#define PREPULL_TEST_SUPPORT_TAR_BUILDER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace prepull {

class TarBuilder {
 public:
  // Targets, and paths of what is no file, have at most 100 bytes.
  TarBuilder& File(absl::string_view path, absl::string_view text);
  TarBuilder& Folder(absl::string_view path);
  TarBuilder& SymbolicLink(absl::string_view path, absl::string_view target);
  TarBuilder& HardLink(absl::string_view path, absl::string_view target);

  // For the next entry: "LENGTH NAME=VALUE\n" and more of them.
  TarBuilder& Attributes(absl::string_view records);

  // The whole of it, with the two blocks at its end.
  std::string Take() const;

 private:
  TarBuilder& Add(absl::string_view path, char type, absl::string_view target,
                  absl::string_view text);

  std::string blocks_;
};

std::string Gzip(const std::string& bytes);
std::string Zstd(const std::string& bytes);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_TAR_BUILDER_H_
