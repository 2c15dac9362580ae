#include "test/support/crio/crio_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/http/headers.h"
#include "test/support/crio/http_errors.h"
#include "test/support/crio/resume_rule.h"

namespace prepull {
namespace {

// Go's limit for a connection; there is none for what comes over it.
constexpr absl::Duration kConnectTimeout = absl::Seconds(30);

constexpr int kMostTries = 5;  // of a request that is answered with 429
constexpr absl::Duration kFirstDelay = absl::Seconds(2);
constexpr absl::Duration kMaxDelay = absl::Seconds(60);

constexpr char kManifestTypes[] =
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws, "
    "application/vnd.docker.distribution.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.index.v1+json";

absl::Status Cancelled() { return absl::CancelledError("context canceled"); }

}  // namespace

CrioRegistry::CrioRegistry(const Reference& image, const Credential& credential,
                           std::string agent, std::stop_token stop)
    : host_(image.registry()),
      repository_(image.repository()),
      path_(absl::StripPrefix(repository_, absl::StrCat(host_, "/"))),
      credential_(credential),
      agent_(std::move(agent)),
      stop_(std::move(stop)),
      http_(MakeHttpClient(files_, clock_)) {}

absl::Status CrioRegistry::Ping() {
  const absl::StatusOr<HttpResponse> response = Get("/v2/", {}, nullptr);
  absl::Status error = response.status();
  if (response.ok() && response->status != 200 && response->status != 401) {
    error = absl::UnknownError(AnswerText(*response));
  }
  RETURN_IF_ERROR(
      Annotate(error, absl::StrCat("pinging container registry ", host_)));
  const absl::string_view challenge = response->Header("WWW-Authenticate");
  if (absl::StartsWithIgnoreCase(challenge, "Basic") &&
      !credential_.username.empty()) {
    authorization_ = absl::StrCat(
        "Basic ", absl::Base64Escape(absl::StrCat(credential_.username, ":",
                                                  credential_.password)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CrioRegistry::GetManifest(
    absl::string_view tag_or_digest) {
  absl::StatusOr<HttpResponse> response =
      Get(absl::StrCat("/v2/", path_, "/manifests/", tag_or_digest),
          {{"Accept", kManifestTypes}}, nullptr);
  if (IsBrokenBody(response.status())) {
    return absl::UnknownError(BrokenBodyText(response.status(), host_));
  }
  RETURN_IF_ERROR(response.status());
  if (response->status == 200) return std::move(response->body);
  return absl::UnknownError(absl::StrCat("reading manifest ", tag_or_digest,
                                         " in ", repository_, ": ",
                                         AnswerText(*response)));
}

// The body of a blob, over as many connections as it takes.
class CrioRegistry::Body {
 public:
  Body(CrioRegistry& registry, std::string path, ByteSink sink)
      : registry_(registry), path_(std::move(path)), sink_(sink) {}

  absl::Status Read() {
    absl::StatusOr<HttpResponse> response = Request();
    while (IsBrokenBody(response.status())) {
      broken_ = BrokenBodyText(response.status(), registry_.host_);
      RETURN_IF_ERROR(PrepareResume());
      response = Request();
    }
    if (!response.ok()) return InRequest(response.status());
    if (response->status / 100 == 2) return absl::OkStatus();
    return Failed(absl::StrCat(broken_.empty() ? "" : "after reconnecting, ",
                               "fetching blob: ", AnswerText(*response)));
  }

 private:
  absl::StatusOr<HttpResponse> Request() {
    std::vector<HttpHeader> headers;
    if (!broken_.empty()) {
      headers.push_back({"Range", absl::StrCat("bytes=", offset_, "-")});
    }
    const int64_t start = offset_;
    return registry_.Get(
        path_, std::move(headers),
        [this, start](const HttpResponse& head, absl::string_view piece) {
          if (offset_ == start) RETURN_IF_ERROR(CheckStart(head));
          offset_ += static_cast<int64_t>(piece.size());
          return sink_(piece);
        });
  }

  absl::Status PrepareResume() {
    const Instant now = registry_.clock_.Now();
    if (!rule_.Allows(offset_, now)) {
      // A break is not an error of the network to Go, but for a reset.
      const std::string text = absl::StrCat("(heuristic tuning data: total ",
                                            offset_, "): ", broken_);
      return absl::StartsWith(broken_, "read tcp")
                 ? absl::UnavailableError(text)
                 : absl::UnknownError(text);
    }
    if (!registry_.clock_.SleepUntil(now + ResumeRule::kPause,
                                     registry_.stop_)) {
      return Cancelled();
    }
    rule_.Continued(offset_, registry_.clock_.Now());
    return absl::OkStatus();
  }

  // Whether the answer begins where the last one broke off.
  absl::Status CheckStart(const HttpResponse& head) const {
    if (broken_.empty()) return absl::OkStatus();
    if (head.status != 206) {
      return Failed(
          absl::StrCat("after reconnecting, server did not process "
                       "a Range: header, status ",
                       head.status));
    }
    const absl::string_view range = head.Header("Content-Range");
    return absl::StartsWith(range, absl::StrCat("bytes ", offset_, "-"))
               ? absl::OkStatus()
               : Failed(absl::StrCat("after reconnecting at offset ", offset_,
                                     ", got unexpected Content-Range ", range));
  }

  absl::Status InRequest(const absl::Status& error) const {
    if (broken_.empty() || !absl::IsUnavailable(error)) return error;
    return Failed(absl::StrCat("while reconnecting: ", error.message()));
  }

  absl::Status Failed(absl::string_view why) const {
    return absl::UnknownError(broken_.empty()
                                  ? std::string(why)
                                  : absl::StrCat(broken_, " (", why, ")"));
  }

  CrioRegistry& registry_;
  const std::string path_;
  const ByteSink sink_;
  ResumeRule rule_;
  std::string broken_;  // what ended the last connection
  int64_t offset_ = 0;
};

absl::Status CrioRegistry::GetBlob(absl::string_view digest, ByteSink sink) {
  return Body(*this, absl::StrCat("/v2/", path_, "/blobs/", digest), sink)
      .Read();
}

absl::StatusOr<HttpResponse> CrioRegistry::Get(absl::string_view path,
                                               std::vector<HttpHeader> headers,
                                               BodySink sink) {
  headers.push_back({"User-Agent", agent_});
  if (!authorization_.empty()) {
    headers.push_back({"Authorization", authorization_});
  }
  const HttpRequest request = {.url = absl::StrCat("http://", host_, path),
                               .headers = std::move(headers),
                               .sink = std::move(sink),
                               .limits = {.connect = kConnectTimeout,
                                          .idle = absl::InfiniteDuration(),
                                          .body_bytes = 4 << 20}};
  absl::Duration delay = kFirstDelay;
  for (int tries = 1;; ++tries) {
    absl::StatusOr<HttpResponse> response = http_->Send(request, stop_);
    if (IsBrokenBody(response.status())) return response;
    if (!response.ok()) return AsGoSaysIt(response.status(), host_, path);
    if (response->status != 429 || tries == kMostTries) return response;
    const absl::Duration asked = RetryAfter(*response);
    delay = std::min(asked > absl::ZeroDuration() ? asked : delay, kMaxDelay);
    if (!clock_.SleepUntil(clock_.Now() + delay, stop_)) return Cancelled();
    delay *= 2;
  }
}

}  // namespace prepull
