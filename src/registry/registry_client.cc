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
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/image/rewrite.h"
#include "src/registry/authorizer.h"
#include "src/registry/blob_download.h"
#include "src/registry/digest.h"
#include "src/registry/page_link.h"
#include "src/registry/patient_client.h"
#include "src/registry/registry_json.h"
#include "src/registry/registry_url.h"

namespace prepull {
namespace {

// The distribution project's own limit for a manifest.
constexpr int64_t kLargestManifest = 4 << 20;
constexpr int64_t kLargestTagPage = 8 << 20;
constexpr size_t kMostTags = 1'000'000;
constexpr size_t kMostTagPages = 10'000;
constexpr int kMostRedirects = 5;

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
  RETURN_IF_ERROR(Annotate(parsed.status(), "the manifest"));
  return parsed;
}

absl::Status StatusOf(const HttpResponse& response) {
  const std::string words = DescribeErrors(response.body);
  const std::string text =
      absl::StrCat("the registry answers ", response.status,
                   words.empty() ? "" : " ", words);
  switch (response.status) {
    case 401:
      return absl::UnauthenticatedError(text);
    case 403:
      return absl::PermissionDeniedError(text);
    case 404:
      return absl::NotFoundError(text);
    default:
      return absl::UnavailableError(text);
  }
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

class Client : public RegistryClient {
 public:
  Client(RegistryOptions options, Rewrites mirrors, HttpClient& http,
         CredentialFinder& credentials, Clock& clock, RollDice roll_dice)
      : options_(std::move(options)),
        clock_(clock),
        mirrors_(std::move(mirrors)),
        http_(options_, http, clock, std::move(roll_dice)),
        authorizer_({.deadline = options_.deadline,
                     .stop = options_.stop,
                     .may_lead_to =
                         [this](const Reference& image, const Origin& target) {
                           return MayLeadTo(image, target);
                         }},
                    http_, credentials, clock) {}

  absl::StatusOr<std::string> ResolveDigest(const Reference& image) override {
    if (!image.digest().empty()) return image.digest();
    return AtPlaces<std::string>(
        image, [&](const Reference& place) { return DigestAt(place); });
  }

  absl::StatusOr<ResolvedManifest> FetchManifest(
      const Reference& image) override {
    return AtPlaces<ResolvedManifest>(
        image, [&](const Reference& place) { return ManifestAt(place); });
  }

  absl::Status FetchBlob(const Reference& image, const ManifestBlob& blob,
                         ByteSink sink) override {
    // One for all places: a mirror that breaks off is continued elsewhere.
    ASSIGN_OR_RETURN(BlobDownload download, BlobDownload::Of(blob, sink));
    return AtPlaces<bool>(image,
                          [&](const Reference& place) -> absl::StatusOr<bool> {
                            RETURN_IF_ERROR(BlobAt(place, download));
                            return true;
                          })
        .status();
  }

  absl::StatusOr<std::vector<std::string>> ListTags(
      const Reference& repository) override {
    return AtPlaces<std::vector<std::string>>(
        repository, [&](const Reference& place) { return TagsAt(place); });
  }

  absl::Status MayGoOn() const override {
    if (options_.stop.stop_requested()) return absl::CancelledError("stopped");
    return clock_.Now() < options_.deadline
               ? absl::OkStatus()
               : absl::DeadlineExceededError("the deadline has passed");
  }

 private:
  // What `ask` gets from the mirror of `image`, if it has one, else from its
  // own registry.
  template <typename Answer>
  absl::StatusOr<Answer> AtPlaces(
      const Reference& image,
      const std::function<absl::StatusOr<Answer>(const Reference&)>& ask) {
    absl::StatusOr<Answer> answer = AtMirrorFirst(image, ask);
    if (answer.ok()) return answer;
    return authorizer_.WithoutSecrets(answer.status());
  }

  template <typename Answer>
  absl::StatusOr<Answer> AtMirrorFirst(
      const Reference& image,
      const std::function<absl::StatusOr<Answer>(const Reference&)>& ask) {
    const std::optional<Reference> mirror = MirrorOf(image);
    if (!mirror.has_value()) return ask(image);
    absl::StatusOr<Answer> answer = ask(*mirror);
    if (answer.ok() || absl::IsCancelled(answer.status()) ||
        clock_.Now() >= options_.deadline) {
      return answer;
    }
    const std::string at_mirror = absl::StrCat("mirror ", mirror->registry(),
                                               ": ", answer.status().message());
    answer = ask(image);
    RETURN_IF_ERROR(Annotate(answer.status(), at_mirror));
    return answer;
  }

  std::optional<Reference> MirrorOf(const Reference& image) {
    std::vector<ImageRequest> requests = {
        {.image = image.text(), .origin = "", .reference = image}};
    MutexLock lock(mutex_);
    mirrors_.Apply(requests);
    const absl::StatusOr<Reference>& mirrored = requests.front().reference;
    if (!mirrored.ok() || mirrored->text() == image.text()) {
      return std::nullopt;
    }
    return *mirrored;
  }

  bool IsInsecure(absl::string_view authority) const {
    return std::find(options_.insecure_hosts.begin(),
                     options_.insecure_hosts.end(),
                     authority) != options_.insecure_hosts.end();
  }

  // Whether the registry of `place` may send us to `target`. Without TLS to
  // our own loopback only if it is there itself: from elsewhere it would have
  // us ask what listens to this node alone.
  bool MayLeadTo(const Reference& place, const Origin& target) const {
    return target.scheme == "https" || IsInsecure(target.authority) ||
           (IsLoopback(target.authority) && IsLoopback(place.registry()));
  }

  // Asks the registry of `place` for /v2/NAME/`path`.
  absl::StatusOr<HttpResponse> Ask(const Reference& place,
                                   const std::string& path,
                                   const HttpRequest& request) {
    return AskAt(place, OriginFor(place), path, request);
  }

  // HTTPS, unless the registry may speak plain HTTP and speaks nothing else.
  Origin OriginFor(const Reference& place) {
    const std::string authority = AuthorityOf(place.registry());
    if (!IsLoopback(authority) && !IsInsecure(authority)) {
      return {"https", authority};
    }
    {
      MutexLock lock(mutex_);
      const auto known = schemes_.find(authority);
      if (known != schemes_.end()) return {known->second, authority};
    }
    for (const char* scheme : {"https", "http"}) {
      const Origin origin = {scheme, authority};
      if (!Answers(origin)) continue;
      MutexLock lock(mutex_);
      schemes_[authority] = scheme;
      return origin;
    }
    return {"https", authority};
  }

  bool Answers(const Origin& origin) {
    return http_.SendOnce({.url = absl::StrCat(origin.text(), "/v2/")}).ok();
  }

  absl::StatusOr<HttpResponse> AskAt(const Reference& place,
                                     const Origin& origin,
                                     const std::string& path,
                                     HttpRequest request) {
    request.url = absl::StrCat(origin.text(), "/v2/", PathOf(place), "/", path);
    ASSIGN_OR_RETURN(HttpResponse response, authorizer_.Send(place, request));
    Origin at = origin;
    bool is_at_registry = true;
    for (int hop = 0; IsRedirect(response.status); ++hop) {
      if (hop == kMostRedirects) {
        return absl::UnavailableError("too many redirects");
      }
      absl::StatusOr<std::string> location =
          ResolveLocation(at, response.Header("Location"));
      RETURN_IF_ERROR(Annotate(location.status(), "redirected"));
      request.url = *std::move(location);
      ASSIGN_OR_RETURN(Origin target, OriginOf(request.url));
      if (!MayLeadTo(place, target)) {
        return absl::FailedPreconditionError(
            absl::StrCat("redirected to ", Printable(target.authority, 200),
                         " without TLS"));
      }
      // Credentials are for the registry alone, and not for where others send
      // us, be it back: there the URL itself is the key.
      is_at_registry = is_at_registry && target == origin;
      absl::StatusOr<HttpResponse> next = is_at_registry
                                              ? authorizer_.Send(place, request)
                                              : http_.Send(request);
      RETURN_IF_ERROR(next.status());
      response = *std::move(next);
      at = target;
    }
    return response;
  }

  absl::StatusOr<std::string> DigestAt(const Reference& place) {
    ASSIGN_OR_RETURN(
        const HttpResponse response,
        Ask(place, absl::StrCat("manifests/", TagOrDigest(place)),
            {.method = "HEAD", .headers = {{"Accept", kManifestTypes}}}));
    const absl::string_view digest = response.Header("Docker-Content-Digest");
    if (response.status == 200 && IsDigest(digest)) return std::string(digest);
    // Some registries answer no HEAD, or without the digest.
    ASSIGN_OR_RETURN(const HttpResponse whole, ManifestText(place, ""));
    return DigestOf(whole.body);
  }

  // The manifest of `place`, or of `digest` beside it.
  absl::StatusOr<HttpResponse> ManifestText(const Reference& place,
                                            const std::string& digest) {
    const std::string name = digest.empty() ? TagOrDigest(place) : digest;
    ASSIGN_OR_RETURN(HttpResponse response,
                     Ask(place, absl::StrCat("manifests/", name),
                         {.headers = {{"Accept", kManifestTypes}},
                          .limits = {.body_bytes = kLargestManifest}}));
    if (response.status != 200) return StatusOf(response);
    const std::string wanted = digest.empty() ? place.digest() : digest;
    if (!wanted.empty()) {
      RETURN_IF_ERROR(
          Annotate(CheckDigest(response.body, wanted), "the manifest"));
    }
    return response;
  }

  absl::StatusOr<ResolvedManifest> ManifestAt(const Reference& place) {
    ASSIGN_OR_RETURN(HttpResponse response, ManifestText(place, ""));
    ASSIGN_OR_RETURN(auto parsed, Parse(response));
    if (const auto* index = std::get_if<ImageIndex>(&parsed)) {
      ASSIGN_OR_RETURN(const ManifestBlob chosen,
                       ChoosePlatform(*index, OwnPlatform()));
      if (!IsDigest(chosen.digest)) {
        return absl::InvalidArgumentError("the index holds a broken digest");
      }
      ASSIGN_OR_RETURN(response, ManifestText(place, chosen.digest));
      ASSIGN_OR_RETURN(parsed, Parse(response));
    }
    auto* manifest = std::get_if<ImageManifest>(&parsed);
    if (manifest == nullptr) {
      return absl::InvalidArgumentError("an index inside of an index");
    }
    return ResolvedManifest{.digest = DigestOf(response.body),
                            .manifest = std::move(*manifest)};
  }

  absl::Status BlobAt(const Reference& place, BlobDownload& download) {
    for (int next = 1; !download.is_whole(); ++next) {
      RETURN_IF_ERROR(download.failure());
      const int64_t before = download.offset();
      absl::StatusOr<HttpResponse> response = Ask(
          place, absl::StrCat("blobs/", download.digest()), download.Request());
      RETURN_IF_ERROR(download.failure());
      if (response.ok()) {
        if (response->status == 200 || response->status == 206) break;
        return StatusOf(*response);
      }
      if (download.offset() > before) next = 1;
      // Where no answer began it has been tried often enough.
      if (!PatientClient::IsPassing(response.status()) ||
          !download.is_begun() || next == PatientClient::kMostTries) {
        return response.status();
      }
      RETURN_IF_ERROR(http_.Pause(next, absl::ZeroDuration()));
    }
    return download.Finish();
  }

  absl::StatusOr<std::vector<std::string>> TagsAt(const Reference& place) {
    std::vector<std::string> tags;
    std::set<std::string> asked;
    std::string path = "tags/list?n=1000";
    while (asked.insert(path).second) {
      if (asked.size() > kMostTagPages) {
        return absl::ResourceExhaustedError(
            absl::StrCat("more than ", kMostTagPages, " pages of tags"));
      }
      ASSIGN_OR_RETURN(
          const HttpResponse response,
          Ask(place, path, {.limits = {.body_bytes = kLargestTagPage}}));
      if (response.status != 200) return StatusOf(response);
      ASSIGN_OR_RETURN(std::vector<std::string> page,
                       ParseTagList(response.body));
      tags.insert(tags.end(), std::make_move_iterator(page.begin()),
                  std::make_move_iterator(page.end()));
      if (tags.size() > kMostTags) {
        return absl::ResourceExhaustedError(
            absl::StrCat("more than ", kMostTags, " tags"));
      }
      const std::string next = NextPage(response.Header("Link"));
      if (next.empty()) return tags;
      ASSIGN_OR_RETURN(path, PageOf(place, next));
    }
    return absl::InvalidArgumentError("the list of tags leads back to itself");
  }

  // `link` below /v2/NAME/: another host, or another repository, it is not.
  absl::StatusOr<std::string> PageOf(const Reference& place,
                                     const std::string& link) {
    const Origin origin = OriginFor(place);
    ASSIGN_OR_RETURN(const std::string url, ResolveLocation(origin, link));
    absl::string_view path = url;
    if (!absl::ConsumePrefix(
            &path, absl::StrCat(origin.text(), "/v2/", PathOf(place), "/"))) {
      return absl::InvalidArgumentError(
          "the next page of the tags is said to be elsewhere");
    }
    return std::string(path);
  }

  const RegistryOptions options_;
  Clock& clock_;
  Mutex mutex_;
  Rewrites mirrors_ ABSL_GUARDED_BY(mutex_);
  // authority -> what it speaks, of those that may be plain
  std::map<std::string, std::string> schemes_ ABSL_GUARDED_BY(mutex_);
  PatientClient http_;
  Authorizer authorizer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RegistryClient>> MakeRegistryClient(
    RegistryOptions options, HttpClient& http, CredentialFinder& credentials,
    Clock& clock, RollDice roll_dice) {
  absl::StatusOr<Rewrites> mirrors = Rewrites::Parse(options.mirrors);
  RETURN_IF_ERROR(Annotate(mirrors.status(), "--registry-mirror"));
  return std::make_unique<Client>(std::move(options), *std::move(mirrors), http,
                                  credentials, clock, std::move(roll_dice));
}

}  // namespace prepull
