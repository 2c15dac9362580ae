#include "prepull/source/image_list.h"

#include <iterator>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/random.h"
#include "prepull/base/redact.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/list/list_file.h"
#include "prepull/list/rewrite.h"
#include "prepull/list/unique_images.h"
#include "prepull/registry/registry_access.h"
#include "src/source/digests.h"
#include "src/source/source_set.h"

namespace prepull {
namespace {

constexpr int64_t kMaxListBytes = 64 << 20;

// Joins the errors of all failures, up to a length that can be read. The
// result may pass if all of them may, and then has the code of the first.
absl::Status JoinedError(const std::vector<ImageRequest>& failures) {
  const std::string message =
      Printable(absl::StrJoin(failures, "; ",
                              [](std::string* out, const auto& failure) {
                                absl::StrAppend(
                                    out, failure.reference.status().message());
                              }),
                4096);
  const bool may_pass =
      absl::c_all_of(failures, [](const ImageRequest& failure) {
        return IsPassing(failure.reference.status());
      });
  return may_pass ? WithMessage(failures.front().reference.status(), message)
                  : absl::InvalidArgumentError(message);
}

void WarnOfUnused(const Rewrites& rewrites) {
  for (const std::string& rule : rewrites.Unused()) {
    Log(LogLevel::kWarn, "rewrite fits no image of the list",
        {{"rewrite", Printable(WithoutUrlSecrets(rule), 512)}});
  }
}

// One call of ReadImages.
class ListReader {
 public:
  ListReader(const ListInputs& inputs, const ListContext& context)
      : inputs_(inputs), context_(context) {}

  absl::StatusOr<ImageList> Read() {
    absl::StatusOr<Rewrites> rewrites = Rewrites::Parse(inputs_.rewrites);
    RETURN_IF_ERROR(Annotate(rewrites.status(), "--rewrite"));
    RETURN_IF_ERROR(AddLists());
    AddArguments();
    RETURN_IF_ERROR(AddSources());
    if (images_.empty()) return NoImages();
    rewrites->Apply(images_);
    WarnOfUnused(*rewrites);
    ImageList list = {.requests = UniqueImages(std::move(images_)),
                      .space_required_bytes = space_required_bytes_};
    RETURN_IF_ERROR(Check(list.requests));
    RETURN_IF_ERROR(AddDigests(list.requests));
    return list;
  }

 private:
  void Add(std::vector<ImageRequest> more) {
    absl::c_move(more, std::back_inserter(images_));
  }

  absl::Status AddLists() {
    for (const std::string& path : inputs_.list_files) {
      ASSIGN_OR_RETURN(const ListFileText list, ReadListText(path, context_));
      Add(ParseListFile(list.text, list.name));
    }
    return absl::OkStatus();
  }

  void AddArguments() {
    for (size_t i = 0; i < inputs_.images.size(); ++i) {
      images_.push_back(
          ImageNamed(inputs_.images[i], absl::StrCat("argument ", i + 1)));
    }
  }

  absl::Status AddSources() {
    SourceOptions options = inputs_.sources;
    const std::string folder = context_.host.Environment("TMPDIR").value_or("");
    if (!folder.empty()) options.temporary_folders = {folder};
    ASSIGN_OR_RETURN(SourceSet sources,
                     SourceSet::Parse(options, context_.files));
    // A folder of TALM's may name nothing.
    has_sources_ = !sources.empty() || !options.precache_specs.empty();
    if (sources.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Connect());
    RETURN_IF_ERROR(sources.Read(access_->client(), inputs_.keep_failures));
    SourceImages found = std::move(sources).Images();
    if (!inputs_.keep_failures && !found.failures.empty()) {
      return JoinedError(found.failures);
    }
    Add(std::move(found.requests));
    Add(std::move(found.failures));
    space_required_bytes_ = found.space_required_bytes;
    return absl::OkStatus();
  }

  absl::Status Connect() {
    RegistryOptions options = inputs_.registry;
    options.stop = context_.stop;
    options.deadline = context_.deadline;
    if (inputs_.keep_failures) {
      const Instant now = context_.clock.Now();
      options.deadline = now + (context_.deadline - now) / 2;
    }
    ASSIGN_OR_RETURN(
        access_,
        RegistryAccess::Open(std::move(options), inputs_.credentials,
                             {context_.host, context_.files, context_.clock}));
    return absl::OkStatus();
  }

  absl::Status NoImages() const {
    if (has_sources_) {
      return absl::InvalidArgumentError(
          "the given sources resolve to no images");
    }
    return absl::InvalidArgumentError(
        inputs_.list_files.empty()
            ? "no images: give IMAGE arguments or --image-list-file"
            : absl::StrCat("list ", inputs_.list_files.back(),
                           ": holds no images"));
  }

  absl::Status Check(const std::vector<ImageRequest>& requests) const {
    if (!inputs_.is_strict) return absl::OkStatus();
    for (const ImageRequest& request : requests) {
      RETURN_IF_ERROR(request.reference.status());
    }
    return absl::OkStatus();
  }

  absl::Status AddDigests(std::vector<ImageRequest>& requests) {
    if (!inputs_.resolve_digests) return absl::OkStatus();
    if (access_ == nullptr) RETURN_IF_ERROR(Connect());
    return ResolveDigests(access_->client(), requests);
  }

  const ListInputs& inputs_;
  const ListContext& context_;
  std::vector<ImageRequest> images_;
  bool has_sources_ = false;
  std::optional<int64_t> space_required_bytes_;
  std::unique_ptr<RegistryAccess> access_;
};

}  // namespace

absl::StatusOr<ImageList> ReadImages(const ListInputs& inputs,
                                     const ListContext& context) {
  return ListReader(inputs, context).Read();
}

bool IsOutOfTime(const absl::Status& error) {
  return absl::IsCancelled(error) || absl::IsDeadlineExceeded(error) ||
         IsPassing(error);
}

absl::StatusOr<ListFileText> ReadListText(const std::string& path,
                                          const ListContext& context) {
  const bool is_input = path == "-";
  const std::string name = is_input ? "standard input" : path;
  absl::StatusOr<std::string> text =
      is_input ? context.host.ReadInput(kMaxListBytes, context.deadline,
                                        context.stop)
               : context.files.ReadFile(path, kMaxListBytes);
  if (text.ok()) return ListFileText{name, *std::move(text)};
  // The file system names the file itself.
  return Annotate(text.status(),
                  is_input ? absl::StrCat("list: ", name) : "list");
}

}  // namespace prepull
