// prepull resolve: which images do these sources stand for?
#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/json_writer.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/table.h"
#include "prepull/list/list_file.h"
#include "src/cli/commands.h"
#include "src/cli/credential_flags.h"
#include "src/cli/image_arguments.h"
#include "src/cli/print_json.h"

namespace prepull {
namespace {

// Registries answer a few at once as fast as one.
constexpr int kQuestionsAtOnce = 8;

CommandDoc ResolveDoc() {
  return {
      .name = "resolve",
      .summary = "print the list that sources stand for",
      .about =
          "Asks registries what releases, catalogues and rules stand for, "
          "joins it with\nlists, and prints it. Pulls nothing and needs no "
          "runtime.",
      .examples = {"prepull resolve --release quay.io/ocp/release:4.15 "
                   "-o name > images.txt",
                   "prepull resolve --digests --select "
                   "'quay.io/team/app semver:~1.2 newest:3'"},
      .exit_codes = {"0  printed",
                     "2  bad flags, an unreadable list or source, or an empty "
                     "list",
                     "3  interrupted, or out of time"},
      .positional = "[IMAGE...]",
      .positional_text = "images, besides those of the sources"};
}

std::string ListTable(const std::vector<ImageRequest>& requests,
                      bool with_header) {
  std::vector<std::vector<std::string>> rows;
  for (const ImageRequest& request : requests) {
    rows.push_back({request.reference->text(), request.origin});
  }
  return Table({"IMAGE", "ORIGIN"}, rows, with_header);
}

std::string List(const std::vector<ImageRequest>& requests) {
  std::string list;
  for (const ImageRequest& request : requests) {
    absl::StrAppend(&list, ListLine(request), "\n");
  }
  return list;
}

std::string ResolveDocument(const std::vector<ImageRequest>& requests) {
  JsonWriter json;
  json.OpenObject().String("schema", "prepull.list/v1");
  json.OpenArray("images");
  for (const ImageRequest& request : requests) {
    json.OpenObject()
        .String("image", request.reference->text())
        .String("origin", request.origin)
        .String("line", ListLine(request))
        .CloseObject();
  }
  json.CloseArray().CloseObject();
  return json.Take() + "\n";
}

// Puts the digest of each tag behind it, a few at once.
class Pinning {
 public:
  Pinning(RegistryClient& registry, std::vector<ImageRequest>& requests)
      : registry_(registry), requests_(requests) {}

  // Errors: of the first that fails, by its name.
  absl::Status Run() {
    const auto work = [this] { Work(); };
    std::vector<std::jthread> workers;
    workers.reserve(kQuestionsAtOnce);
    for (int i = 0; i < kQuestionsAtOnce; ++i) workers.emplace_back(work);
    workers.clear();
    MutexLock lock(mutex_);
    return status_;
  }

 private:
  void Work() {
    while (true) {
      const size_t i = next_++;
      if (i >= requests_.size() || HasFailed()) return;
      const absl::Status pinned = Pin(requests_[i]);
      MutexLock lock(mutex_);
      if (status_.ok()) status_ = Annotate(pinned, requests_[i].image);
    }
  }

  bool HasFailed() {
    MutexLock lock(mutex_);
    return !status_.ok();
  }

  absl::Status Pin(ImageRequest& request) {
    const Reference& reference = *request.reference;
    if (!reference.digest().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string digest, DigestOf(reference));
    request.reference =
        Reference::Parse(absl::StrCat(reference.text(), "@", digest));
    request.options.policy = std::nullopt;  // what it stands for is settled
    return request.reference.status();
  }

  // Asks for it until the time is up, or another image has failed for good.
  absl::StatusOr<std::string> DigestOf(const Reference& image) {
    for (int tries = 1;; ++tries) {
      absl::StatusOr<std::string> digest = registry_.ResolveDigest(image);
      if (digest.ok() || !IsWorthAnotherTry(digest.status(), tries) ||
          HasFailed()) {
        return digest;
      }
      const absl::Status paused = registry_.Pause(tries);
      if (!paused.ok()) {
        return absl::IsCancelled(paused) ? paused : digest.status();
      }
    }
  }

  RegistryClient& registry_;
  std::vector<ImageRequest>& requests_;
  std::atomic<size_t> next_ = 0;
  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

class ResolveCommand : public CommandProgram {
 public:
  ResolveCommand() : CommandProgram(ResolveDoc()) {
    AddListFlags(command(), images_);
    AddSourceFlags(command(), images_.sources);
    command().Group("How");
    command().Duration({.name = "--overall-timeout",
                        .value = "D",
                        .text = "how long it may take; a registry that is "
                                "away is asked again until then",
                        .fallback = "20m"},
                       overall_timeout_);
    AddCredentialFlags(command(), images_.sources.credentials);
    command().Group("Output");
    command().Switch({.name = "--digests",
                      .text = "put the digest of each tag behind it, so that "
                              "all who get the list get the same"},
                     digests_);
    command().Choice({.name = "--output",
                      .short_name = "-o",
                      .value = "FORMAT",
                      .text = "the list as table (with origins), json or name "
                              "(which fetch takes as a list)",
                      .fallback = "table"},
                     {"table", "json", "name"}, output_);
    command().Switch(
        {.name = "--no-headers", .text = "no first line in the table"},
        no_headers_);
    AddTalkFlags(command(), talk_);
  }

  CommandEnd Run(const CommandContext& context) override {
    StartTalk(talk_, context, /*to_people=*/true);
    const Instant deadline = context.started + overall_timeout_;
    absl::StatusOr<ImageList> list = ReadImages(images_, context, deadline);
    if (!list.ok()) return Failed(list.status());
    WarnOfUnused(*list);
    for (const ImageRequest& request : list->requests) {
      if (!request.reference.ok()) return Failed(request.reference.status());
    }
    if (digests_) {
      const auto access =
          RegistryAccess::Open(images_.sources, context, deadline);
      if (!access.ok()) return Failed(access.status());
      const absl::Status pinned =
          Pinning((*access)->client(), list->requests).Run();
      if (!pinned.ok()) return Failed(pinned);
    }
    Print(list->requests, context);
    return {};
  }

 private:
  static CommandEnd Failed(const absl::Status& why) {
    return {IsOutOfTime(why) ? ExitCode::kStopped : ExitCode::kBadInput,
            std::string(why.message())};
  }

  void Print(const std::vector<ImageRequest>& requests,
             const CommandContext& context) const {
    if (output_ == "json") {
      PrintJson(ResolveDocument(requests), context);
    } else {
      context.console.PrintOut(output_ == "name"
                                   ? List(requests)
                                   : ListTable(requests, !no_headers_));
    }
  }

  ImageArguments images_;
  absl::Duration overall_timeout_ = absl::Minutes(20);
  bool digests_ = false;
  std::string output_ = "table";
  bool no_headers_ = false;
  TalkOptions talk_;
};

}  // namespace

std::unique_ptr<CommandProgram> MakeResolveCommand() {
  return std::make_unique<ResolveCommand>();
}

}  // namespace prepull
