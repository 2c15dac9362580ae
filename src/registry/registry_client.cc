#include "prepull/registry/registry_client.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "prepull/base/passing_error.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"
#include "src/registry/authorizer.h"
#include "src/registry/blob_download.h"
#include "src/registry/digester.h"
#include "src/registry/mirrors.h"
#include "src/registry/origins.h"
#include "src/registry/responses.h"
#include "src/registry/retrying_client.h"

namespace prepull {
namespace {

// The distribution project's own limit for a manifest.
constexpr int64_t kMaxManifestBytes = 4 << 20;
constexpr int64_t kMaxTagPageBytes = 8 << 20;
constexpr size_t kMaxTags = 1'000'000;
constexpr size_t kMaxTagPages = 10'000;
constexpr int kMaxRedirects = 5;
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

// `image` without its registry.
std::string PathOf(const Reference& image) {
  return std::string(absl::StripPrefix(image.repository(),
                                       absl::StrCat(image.registry(), "/")));
}

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

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

// The seams of a client.
struct Peers {
  HttpClient& http;
  CredentialFinder& credentials;
  Clock& clock;
  RollDice roll_dice;
};

class Client : public RegistryClient {
 public:
  Client(RegistryOptions options, Rewrites mirrors, Peers peers)
      : options_(std::move(options)),
        clock_(peers.clock),
        mirrors_(std::move(mirrors)),
        http_(options_, peers.http, peers.clock, std::move(peers.roll_dice)),
        origins_(options_.insecure_hosts, http_),
        authorizer_({.deadline = options_.deadline,
                     .stop = options_.stop,
                     .is_realm_allowed =
                         [this](const Reference& image, const Url& realm) {
                           return origins_.IsRedirectAllowed(image, realm);
                         }},
                    http_, peers.credentials, peers.clock) {}

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
    return AtPlaces<bool>(
               image,
               [&](const Place& place) -> absl::StatusOr<bool> {
                 RETURN_IF_ERROR(BlobAt(place, download));
                 return true;
               },
               [&] { return !download.failure().ok(); })
        .status();
  }

  absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) override {
    return AtPlaces<std::vector<std::string>>(
        repository, [&](const Place& place) { return TagsAt(place); });
  }

  absl::Status MayGoOn() const override {
    if (options_.stop.stop_requested())
      return absl::CancelledError("interrupted");
    return IsLate()
               ? PassingError(absl::DeadlineExceededError("deadline exceeded"))
               : absl::OkStatus();
  }

  absl::Status Pause(int tries) override { return http_.PauseForAll(tries); }

 private:
  // Returns what `ask` returns for the mirror of `image`, if it has one, else
  // for its own registry. The mirror gets one try, since there is another place
  // to ask. `is_over`: whether no other place can help any more.
  template <typename Answer>
  absl::StatusOr<Answer> AtPlaces(
      const Reference& image,
      const std::function<absl::StatusOr<Answer>(const Place&)>& ask,
      const std::function<bool()>& is_over = [] { return false; }) {
    absl::StatusOr<Answer> answer = AtMirrorFirst<Answer>(
        image,
        [&](const Reference& at, int tries) -> absl::StatusOr<Answer> {
          absl::StatusOr<Answer> found = ask({.image = at, .tries = tries});
          if (found.ok()) return found;
          return authorizer_.WithTriedSources(found.status(), at);
        },
        is_over);
    if (answer.ok()) return answer;
    return authorizer_.WithoutSecrets(answer.status());
  }

  template <typename Answer>
  absl::StatusOr<Answer> AtMirrorFirst(
      const Reference& image,
      const std::function<absl::StatusOr<Answer>(const Reference&, int)>& ask,
      const std::function<bool()>& is_over) {
    const std::optional<Reference> mirror = mirrors_.For(image);
    if (!mirror.has_value()) return ask(image, RetryingClient::kMaxTries);
    const std::string who = absl::StrCat("mirror ", mirror->registry());
    absl::StatusOr<Answer> answer = ask(*mirror, 1);
    if (answer.ok() || absl::IsCancelled(answer.status())) return answer;
    absl::Status at_mirror = answer.status();
    if (is_over() || IsLate()) return Annotate(at_mirror, who);
    answer = ask(image, RetryingClient::kMaxTries);
    const bool is_passing = IsPassing(answer.status());
    if (IsPassing(at_mirror) && is_passing && !is_over() && !IsLate()) {
      // Where only the mirror can be reached, it is all there is.
      absl::StatusOr<Answer> again = ask(*mirror, RetryingClient::kMaxTries);
      if (again.ok() || absl::IsCancelled(again.status())) return again;
      at_mirror = again.status();
    }
    if (absl::IsCancelled(answer.status())) return answer;
    if (RetryingClient::IsUnreachable(at_mirror) && !is_passing) {
      mirrors_.Skip(*mirror, authorizer_.WithoutSecrets(at_mirror));
    }
    RETURN_IF_ERROR(
        Annotate(Annotate(answer.status(), at_mirror.message()), who));
    return answer;
  }

  bool IsLate() const { return clock_.Now() >= options_.deadline; }

  // Requests /v2/NAME/`path` at the registry of `place`.
  absl::StatusOr<HttpResponse> Ask(const Place& place, const std::string& path,
                                   const HttpRequest& request) {
    ASSIGN_OR_RETURN(const Origin origin, origins_.For(place.image));
    return AskAt(place, origin, path, request);
  }

  absl::StatusOr<HttpResponse> AskAt(const Place& place, const Origin& origin,
                                     const std::string& path,
                                     HttpRequest request) {
    request.url =
        absl::StrCat(origin.text(), "/v2/", PathOf(place.image), "/", path);
    ASSIGN_OR_RETURN(HttpResponse response, authorizer_.Send(place, request));
    bool is_at_registry = true;
    for (int hop = 0; IsRedirect(response.status); ++hop) {
      if (hop == kMaxRedirects) {
        return absl::UnavailableError("too many redirects");
      }
      absl::StatusOr<std::string> location =
          ResolveUrl(request.url, response.Header("Location"));
      RETURN_IF_ERROR(Annotate(location.status(), "redirect"));
      request.url = *std::move(location);
      ASSIGN_OR_RETURN(const Url target, ParseUrl(request.url));
      if (!origins_.IsRedirectAllowed(place.image, target)) {
        return absl::FailedPreconditionError(absl::StrCat(
            "redirect without TLS: ", Printable(target.origin.authority, 200)));
      }
      // Credentials are for the registry alone, and not for what another host
      // redirects to, even back: there the URL itself is the key.
      is_at_registry = is_at_registry && target.origin == origin;
      absl::StatusOr<HttpResponse> next =
          is_at_registry ? authorizer_.Send(place, request)
                         : http_.Send(request, place.tries);
      RETURN_IF_ERROR(next.status());
      response = *std::move(next);
    }
    return response;
  }

  absl::StatusOr<std::string> DigestAt(const Place& place) {
    ASSIGN_OR_RETURN(
        const HttpResponse response,
        Ask(place, absl::StrCat("manifests/", TagOrDigest(place.image)),
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
    ASSIGN_OR_RETURN(HttpResponse response,
                     Ask(place, absl::StrCat("manifests/", name),
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
          Ask(place, path, download.Request(with_range));
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
      const absl::Status paused = http_.Pause(next, absl::ZeroDuration());
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

  absl::StatusOr<std::vector<std::string>> TagsAt(const Place& place) {
    std::vector<std::string> tags;
    std::set<std::string> asked;
    std::string path = "tags/list?n=1000";
    while (asked.insert(path).second) {
      if (asked.size() > kMaxTagPages) {
        return absl::ResourceExhaustedError(
            absl::StrCat("tag list: more than ", kMaxTagPages, " pages"));
      }
      ASSIGN_OR_RETURN(
          const HttpResponse response,
          Ask(place, path, {.limits = {.body_bytes = kMaxTagPageBytes}}));
      RETURN_IF_ERROR(CheckResponse(kRegistry, response));
      ASSIGN_OR_RETURN(std::vector<std::string> page,
                       ParseTagList(response.body));
      tags.insert(tags.end(), std::make_move_iterator(page.begin()),
                  std::make_move_iterator(page.end()));
      if (tags.size() > kMaxTags) {
        return absl::ResourceExhaustedError(
            absl::StrCat("tag list: more than ", kMaxTags, " tags"));
      }
      ASSIGN_OR_RETURN(const std::string next, NextPage(response));
      if (next.empty()) return tags;
      ASSIGN_OR_RETURN(path, PageOf(place.image, path, next));
    }
    return absl::InvalidArgumentError("tag list: the pages form a loop");
  }

  // Returns the path of `link` on the page `path`, below /v2/NAME/: it must not
  // be on another host or in another repository.
  absl::StatusOr<std::string> PageOf(const Reference& image,
                                     const std::string& path,
                                     const std::string& link) {
    ASSIGN_OR_RETURN(const Origin origin, origins_.For(image));
    const std::string base =
        absl::StrCat(origin.text(), "/v2/", PathOf(image), "/");
    absl::StatusOr<std::string> url =
        ResolveUrl(absl::StrCat(base, path), link);
    RETURN_IF_ERROR(Annotate(url.status(), "header Link"));
    absl::string_view next = *url;
    if (!absl::ConsumePrefix(&next, base)) {
      return absl::InvalidArgumentError(
          "tag list: next page outside of the repository");
    }
    return std::string(next);
  }

  const RegistryOptions options_;
  Clock& clock_;
  Mirrors mirrors_;

  RetryingClient http_;
  Origins origins_;
  Authorizer authorizer_;
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
      Peers{http, credentials, clock, std::move(roll_dice)});
}

}  // namespace prepull
