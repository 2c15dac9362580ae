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

// Reads the CA files of `request`.
absl::StatusOr<std::vector<CaFile>> ReadCaFiles(FileSystem& files,
                                                const HttpRequest& request) {
  std::vector<CaFile> read;
  const bool has_extra = !request.extra_ca_file.empty();
  absl::StatusOr<std::string> pem =
      files.ReadFile(request.ca_file, kMaxCaFileBytes);
  if (!has_extra || !absl::IsNotFound(pem.status())) {
    RETURN_IF_ERROR(pem.status());
    read.push_back({request.ca_file, *std::move(pem)});
  }
  if (has_extra) {
    ASSIGN_OR_RETURN(std::string extra,
                     files.ReadFile(request.extra_ca_file, kMaxCaFileBytes));
    read.push_back({request.extra_ca_file, std::move(extra)});
  }
  return read;
}

}  // namespace

struct SystemHttpClient::State {
  // Returns the context for `files`. Cached, because parsing them is slow.
  absl::StatusOr<TlsContext> TlsContextFor(std::vector<CaFile> files) {
    MutexLock lock(mutex);
    if (tls_context == nullptr || files != ca_files) {
      ASSIGN_OR_RETURN(tls_context, MakeTlsContext(files));
      ca_files = std::move(files);
    }
    return tls_context;
  }

  IdleConnections idle = {};
  Mutex mutex;
  std::vector<CaFile> ca_files ABSL_GUARDED_BY(mutex);
  TlsContext tls_context ABSL_GUARDED_BY(mutex);
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
  std::vector<CaFile> ca_files;
  if (url.is_secure) {
    ASSIGN_OR_RETURN(ca_files, ReadCaFiles(files_, request));
  }
  const std::string what = absl::StrCat(
      request.method, " ", url.authority, request.proxy ? " via proxy " : "",
      request.proxy ? request.proxy->authority : "");
  try {
    TlsContext tls_context;
    if (url.is_secure) {
      absl::StatusOr<TlsContext> made =
          state_->TlsContextFor(std::move(ca_files));
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
