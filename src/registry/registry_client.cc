#include "prepull/registry/registry_client.h"

#include <utility>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/list/rewrite.h"
#include "src/registry/blob_download.h"
#include "src/registry/digester.h"
#include "src/registry/origins.h"
#include "src/registry/request_router.h"
#include "src/registry/responses.h"
#include "src/registry/tag_pages.h"

namespace prepull {
namespace {

// The distribution project's own limit for a manifest.
constexpr int64_t kMaxManifestBytes = 4 << 20;
// Of a blob of which something has come, which is lost if it is given up.
constexpr int kMaxBlobTries = 6;
// They spread over a minute at least.
constexpr int kMaxBadDataTries = 9;

constexpr char kRegistry[] = "registry";

constexpr char kManifestTypes[] =
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

std::string TagOrDigest(const Reference& image) {
  if (!image.digest().empty()) return image.digest();
  return image.tag().empty() ? "latest" : image.tag();
}

absl::StatusOr<std::variant<ImageManifest, ImageIndex>> Parse(
    const HttpResponse& response) {
  auto parsed = ParseManifest(response.body);
  RETURN_IF_ERROR(Annotate(parsed.status(), "manifest"));
  return parsed;
}

class Client : public RegistryClient {
 public:
  Client(RegistryOptions options, Rewrites mirrors, RequestRouter::Peers peers)
      : router_(std::move(options), std::move(mirrors), std::move(peers)) {}

  absl::StatusOr<std::string> ResolveDigest(const Reference& image) override {
    if (!image.digest().empty()) return image.digest();
    return AtPlaces<std::string>(
        image, [&](const Place& place) { return DigestAt(place); });
  }

  absl::StatusOr<ResolvedManifest> FetchManifest(
      const Reference& image) override {
    return AtPlaces<ResolvedManifest>(
        image, [&](const Place& place) { return ManifestAt(place); });
  }

  absl::Status FetchBlob(const Reference& image, const ManifestBlob& blob,
                         ByteSink sink) override {
    // One for all places: a mirror that breaks off is continued elsewhere.
    ASSIGN_OR_RETURN(BlobDownload download, BlobDownload::Of(blob, sink));
    return router_.AtPlaces(
        image, [&](const Place& place) { return BlobAt(place, download); },
        [&] { return !download.failure().ok(); });
  }

  absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) override {
    return AtPlaces<std::vector<std::string>>(
        repository, [&](const Place& place) { return TagsAt(place, router_); });
  }

  absl::Status MayGoOn() const override { return router_.MayGoOn(); }

  absl::Status Pause(int tries) override { return router_.PauseForAll(tries); }

 private:
  // Returns what `ask` returns for the first place that has it.
  template <typename Answer>
  absl::StatusOr<Answer> AtPlaces(
      const Reference& image,
      absl::FunctionRef<absl::StatusOr<Answer>(const Place&)> ask) {
    absl::StatusOr<Answer> answer;
    RETURN_IF_ERROR(router_.AtPlaces(
        image,
        [&](const Place& place) {
          answer = ask(place);
          return answer.status();
        },
        [] { return false; }));
    return answer;
  }

  absl::StatusOr<std::string> DigestAt(const Place& place) {
    ASSIGN_OR_RETURN(
        const HttpResponse response,
        router_.Ask(
            place, absl::StrCat("manifests/", TagOrDigest(place.image)),
            {.method = "HEAD", .headers = {{"Accept", kManifestTypes}}}));
    const absl::string_view digest = response.Header("Docker-Content-Digest");
    if (response.status == 200 && IsVerifiable(digest))
      return std::string(digest);
    // Some registries do not support HEAD, or leave the digest out.
    ASSIGN_OR_RETURN(const HttpResponse whole, ManifestText(place, ""));
    return DigestOf(whole.body);
  }

  // Returns the manifest of `place`, or `digest` of the same repository.
  absl::StatusOr<HttpResponse> ManifestText(const Place& place,
                                            const std::string& digest) {
    const std::string name = digest.empty() ? TagOrDigest(place.image) : digest;
    ASSIGN_OR_RETURN(
        HttpResponse response,
        router_.Ask(place, absl::StrCat("manifests/", name),
                    {.headers = {{"Accept", kManifestTypes}},
                     .limits = {.body_bytes = kMaxManifestBytes}}));
    RETURN_IF_ERROR(CheckResponse(kRegistry, response));
    const std::string wanted = digest.empty() ? place.image.digest() : digest;
    if (!wanted.empty()) {
      RETURN_IF_ERROR(
          Annotate(VerifyDigest(response.body, wanted), "manifest"));
    }
    return response;
  }

  absl::StatusOr<ResolvedManifest> ManifestAt(const Place& place) {
    ASSIGN_OR_RETURN(HttpResponse response, ManifestText(place, ""));
    ASSIGN_OR_RETURN(auto parsed, Parse(response));
    if (const auto* index = std::get_if<ImageIndex>(&parsed)) {
      ASSIGN_OR_RETURN(const ManifestBlob chosen,
                       ChoosePlatform(*index, OwnPlatform()));
      if (!IsVerifiable(chosen.digest)) {
        return absl::InvalidArgumentError("index: invalid digest");
      }
      ASSIGN_OR_RETURN(response, ManifestText(place, chosen.digest));
      ASSIGN_OR_RETURN(parsed, Parse(response));
    }
    auto* manifest = std::get_if<ImageManifest>(&parsed);
    if (manifest == nullptr) {
      return absl::InvalidArgumentError("index: nested index");
    }
    return ResolvedManifest{.digest = DigestOf(response.body),
                            .manifest = std::move(*manifest)};
  }

  absl::Status BlobAt(const Place& place, BlobDownload& download) {
    const std::string path = absl::StrCat("blobs/", download.digest());
    bool with_range = true;
    for (int next = 1; !download.is_whole(); ++next) {
      RETURN_IF_ERROR(download.failure());
      const int64_t before = download.offset();
      const absl::StatusOr<HttpResponse> response =
          router_.Ask(place, path, download.Request(with_range));
      RETURN_IF_ERROR(download.failure());
      const int status = response.ok() ? response->status : 0;
      if (status == 200 || status == 206) break;
      if (status == 416 && before > 0 && with_range) {
        with_range = false;
        continue;
      }
      absl::Status why = BlobError(response, before);
      const bool went_on = download.offset() > before;
      if (went_on) next = 1;
      // The request was repeated already if nothing of the blob came.
      const bool has_begun = before > 0 || download.is_begun();
      const int tries = place.tries > 1 ? kMaxBlobTries : 1;
      if (!IsPassing(why) || !has_begun || (next >= tries && !went_on)) {
        return why;
      }
      const absl::Status paused = router_.Pause(next);
      if (!paused.ok()) return absl::IsCancelled(paused) ? paused : why;
    }
    return download.Finish();
  }

  static absl::Status BlobError(const absl::StatusOr<HttpResponse>& response,
                                int64_t from_byte) {
    if (!response.ok()) return response.status();
    const absl::Status why = CheckResponse(kRegistry, *response);
    return from_byte == 0
               ? why
               : Annotate(why, absl::StrCat("blob from byte ", from_byte));
  }

  RequestRouter router_;
};

}  // namespace

bool IsWorthAnotherTry(const absl::Status& failure, int tries) {
  return IsPassing(failure) ||
         (absl::IsDataLoss(failure) && tries < kMaxBadDataTries);
}

absl::StatusOr<std::unique_ptr<RegistryClient>> MakeRegistryClient(
    RegistryOptions options, HttpClient& http, CredentialFinder& credentials,
    Clock& clock, RollDice roll_dice) {
  absl::StatusOr<Rewrites> mirrors = Rewrites::Parse(options.mirrors);
  RETURN_IF_ERROR(Annotate(mirrors.status(), "--registry-mirror"));
  for (const std::string& host : options.insecure_hosts) {
    if (IsAuthority(host)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--registry-insecure: invalid host \"",
                     Printable(host, 200), "\": expected HOST[:PORT]"));
  }
  return std::make_unique<Client>(
      std::move(options), *std::move(mirrors),
      RequestRouter::Peers{http, credentials, clock, std::move(roll_dice)});
}

}  // namespace prepull
