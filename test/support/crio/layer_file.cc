#include "test/support/crio/layer_file.h"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "src/registry/digester.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;

// `flags`: JSON. What is unpacked of a layer is forgotten, so its digest here
// is that of its name.
std::string Record(const std::string& digest, int64_t bytes,
                   const std::string& flags) {
  const std::string unpacked = DigestOf(digest);
  return absl::StrCat(
      R"({"id":")", unpacked.substr(unpacked.find(':') + 1),
      R"(","created":"2026-01-02T03:04:05.678901234Z",)",
      R"("compressed-diff-digest":")", digest, R"(","compressed-size":)", bytes,
      R"(,"diff-digest":")", unpacked, R"(","diff-size":)", bytes,
      R"(,"compression":2,"uidset":[0],"gidset":[0])", flags, "}");
}

}  // namespace

LayerFile::LayerFile(std::string graph_root)
    : graph_root_(std::move(graph_root)) {
  fs::remove_all(path());
  fs::create_directories(path());
  fs::create_directories(image_folder());
}

void LayerFile::Write(const std::map<std::string, int64_t>& layers,
                      const std::set<std::string>& unpacking) {
  std::vector<std::string> records;
  for (const auto& [digest, bytes] : layers) {
    records.push_back(Record(digest, bytes, ""));
  }
  for (const std::string& digest : unpacking) {
    if (layers.contains(digest)) continue;
    records.push_back(Record(digest, 1, R"(,"flags":{"incomplete":true})"));
  }
  const std::string draft = path() + "/.tmp-layers.json";
  std::ofstream(draft, std::ios::binary)
      << "[" << absl::StrJoin(records, ",") << "]";
  std::error_code ignored;  // a test may have put a folder there
  fs::rename(draft, path() + "/layers.json", ignored);
}

}  // namespace prepull
