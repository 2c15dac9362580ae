#include "src/controller/source_reader.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/list/list_hash.h"
#include "prepull/list/unique_images.h"
#include "src/controller/node_group.h"

namespace prepull {
namespace {

// A folder that goes with the object.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Make(const Host& host) {
    const std::string parent = host.Environment("TMPDIR").value_or("/tmp");
    std::string path = absl::StrCat(parent, "/prepull-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return ErrnoStatus(errno, parent);
    return ScratchFolder(std::move(path));
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(ScratchFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

class Reader {
 public:
  Reader(const SourceReaderOptions& options, const SourceReaderSeams& seams,
         std::stop_token stop)
      : options_(options), seams_(seams), stop_(std::move(stop)) {}

  absl::StatusOr<std::vector<ImageRequest>> Read(const SourceSpec& source) {
    ListInputs inputs = options_.inputs;
    inputs.is_strict = true;
    SourceOptions& wanted = inputs.sources;
    const auto take = [](const std::string& text,
                         std::vector<std::string>& texts) {
      if (!text.empty()) texts.push_back(text);
    };
    take(source.select, wanted.selects);
    take(source.release, wanted.releases);
    take(source.catalog, wanted.catalogs);
    wanted.packages = source.packages;
    wanted.excludes = source.excludes;
    if (!source.versions.empty()) wanted.catalog_versions = source.versions;
    if (source.precache_spec.empty()) return Ask(inputs);
    ASSIGN_OR_RETURN(const ScratchFolder folder,
                     ScratchFolder::Make(seams_.host));
    RETURN_IF_ERROR(FetchSpec(source.precache_spec, folder.path()));
    wanted.precache_specs.push_back(folder.path());
    return Ask(inputs);
  }

 private:
  absl::StatusOr<std::vector<ImageRequest>> Ask(const ListInputs& inputs) {
    ASSIGN_OR_RETURN(ImageList list,
                     ReadImages(inputs, {.host = seams_.host,
                                         .files = seams_.files,
                                         .clock = seams_.clock,
                                         .stop = stop_,
                                         .deadline = seams_.clock.Now() +
                                                     options_.timeout}));
    return std::move(list.requests);
  }

  // Puts each key of the ConfigMap into a file, as a kubelet would.
  absl::Status FetchSpec(const std::string& name, const std::string& folder) {
    ASSIGN_OR_RETURN(
        const JsonDocument config_map,
        seams_.client.Get({.resource = "configmaps",
                           .object_namespace = options_.name_space,
                           .name = name},
                          {.purpose = "precacheSpec",
                           .until = seams_.clock.Now() + options_.timeout,
                           .stop = stop_}));
    for (const auto& [key, text] : config_map["data"].members()) {
      if (!IsPlainName(key)) continue;
      RETURN_IF_ERROR(seams_.files.WriteFileAtomically(
          absl::StrCat(folder, "/", key), text.StringOrEmpty()));
    }
    return absl::OkStatus();
  }

  const SourceReaderOptions& options_;
  const SourceReaderSeams& seams_;
  const std::stop_token stop_;
};

}  // namespace

absl::StatusOr<std::string> ReadSources(const PrepullSpec& spec,
                                        const SourceReaderOptions& options,
                                        const SourceReaderSeams& seams,
                                        const std::stop_token& stop) {
  ASSIGN_OR_RETURN(std::vector<ImageRequest> requests, NamedImages(spec));
  Reader reader(options, seams, stop);
  for (size_t i = 0; i < spec.sources.size(); ++i) {
    absl::StatusOr<std::vector<ImageRequest>> more =
        reader.Read(spec.sources[i]);
    RETURN_IF_ERROR(
        Annotate(more.status(), absl::StrCat("spec.sources[", i, "]")));
    std::move(more->begin(), more->end(), std::back_inserter(requests));
  }
  TakeOptions(spec, requests);
  return NormalisedList(UniqueImages(std::move(requests)));
}

}  // namespace prepull
