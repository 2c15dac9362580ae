#include "src/http/system_client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/headers.h"
#include "prepull/http/url.h"
#include "src/http/exchange.h"

namespace prepull {
namespace {

// Debian's bundle has 220 kB.
constexpr int64_t kMaxCaFileBytes = 16 << 20;
// Of servers with certificates of their own, a node has few.
constexpr size_t kMaxTlsContexts = 8;

// A value must not end its line and start another.
bool IsFieldValue(absl::string_view text) {
  return text.size() <= 65535 &&
         std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

absl::Status CheckRequest(const HttpRequest& request) {
  if (!IsHttpToken(request.method)) {
    return absl::InvalidArgumentError("invalid HTTP method");
  }
  for (const HttpHeader& header : request.headers) {
    const bool is_name = header.name.size() <= 256 && IsHttpToken(header.name);
    if (is_name && IsFieldValue(header.value)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("invalid header ", Printable(header.name, 64)));
  }
  return absl::OkStatus();
}

// Returns whom `request` trusts, after reading its CA files.
absl::StatusOr<TlsTrust> TrustOf(const HttpRequest& request,
                                 FileSystem& files) {
  TlsTrust trust = {.client = request.client_certificate};
  if (request.accepts_any_certificate) {
    trust.accepts_any_certificate = true;
    return trust;
  }
  const bool has_extra =
      !request.extra_ca_file.empty() || !request.extra_ca.empty();
  absl::StatusOr<std::string> pem =
      files.ReadFile(request.ca_file, kMaxCaFileBytes);
  if (!has_extra || !absl::IsNotFound(pem.status())) {
    RETURN_IF_ERROR(pem.status());
    trust.authorities.push_back({request.ca_file, *std::move(pem)});
  }
  if (!request.extra_ca_file.empty()) {
    ASSIGN_OR_RETURN(std::string extra,
                     files.ReadFile(request.extra_ca_file, kMaxCaFileBytes));
    trust.authorities.push_back({request.extra_ca_file, std::move(extra)});
  }
  trust.authorities.insert(trust.authorities.end(), request.extra_ca.begin(),
                           request.extra_ca.end());
  return trust;
}

}  // namespace

struct SystemHttpClient::State {
  // Returns the context for `trust`. Cached, because parsing certificates is
  // slow.
  absl::StatusOr<TlsContext> TlsContextFor(TlsTrust trust) {
    MutexLock lock(mutex);
    const auto known =
        std::find_if(contexts.begin(), contexts.end(),
                     [&](const auto& each) { return each.first == trust; });
    if (known != contexts.end()) return known->second;
    ASSIGN_OR_RETURN(TlsContext made, MakeTlsContext(trust));
    if (contexts.size() == kMaxTlsContexts) contexts.erase(contexts.begin());
    contexts.emplace_back(std::move(trust), made);
    return made;
  }

  IdleConnections idle = {};
  Mutex mutex;
  // The oldest first.
  std::vector<std::pair<TlsTrust, TlsContext>> contexts ABSL_GUARDED_BY(mutex);
};

SystemHttpClient::SystemHttpClient(FileSystem& files, Clock& clock,
                                   ResolveHost resolve_host)
    : files_(files),
      clock_(clock),
      resolve_host_(std::move(resolve_host)),
      state_(std::make_unique<State>()) {}

SystemHttpClient::~SystemHttpClient() = default;

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) return header.value;
  }
  return "";
}

absl::StatusOr<HttpResponse> SystemHttpClient::Send(
    const HttpRequest& request, const std::stop_token& stop) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(const Url url, ParseUrl(request.url));
  TlsTrust trust;
  if (url.is_secure) {
    ASSIGN_OR_RETURN(trust, TrustOf(request, files_));
  }
  const std::string what = absl::StrCat(
      request.method, " ", url.authority, request.proxy ? " via proxy " : "",
      request.proxy ? request.proxy->authority : "");
  try {
    TlsContext tls_context;
    if (url.is_secure) {
      absl::StatusOr<TlsContext> made = state_->TlsContextFor(std::move(trust));
      RETURN_IF_ERROR(Annotate(made.status(), what));
      tls_context = *std::move(made);
    }
    absl::StatusOr<HttpResponse> response =
        RoundTrip({.request = request,
                   .url = url,
                   .tls_context = tls_context,
                   .idle = state_->idle,
                   .resolve_host = resolve_host_,
                   .clock = clock_,
                   .stop = stop});
    if (!response.ok()) return Annotate(response.status(), what);
    return response;
  } catch (const std::runtime_error& error) {
    // Making contexts and threads has no overload for error codes.
    return absl::UnavailableError(absl::StrCat(what, ": ", error.what()));
  }
}

std::unique_ptr<HttpClient> MakeHttpClient(FileSystem& files, Clock& clock) {
  return std::make_unique<SystemHttpClient>(files, clock);
}

}  // namespace prepull
