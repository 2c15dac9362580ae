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
#include "src/http/exchange.h"
#include "src/http/url.h"

namespace prepull {
namespace {

// Debian's bundle has 220 kB.
constexpr int64_t kLargestCaFile = 16 << 20;

// RFC 9110, section 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) ||
                  absl::StrContains("!#$%&'*+-.^_`|~", c);
         });
}

// Nothing of a value may end its line and begin another.
bool IsFieldValue(absl::string_view text) {
  return text.size() <= 65535 &&
         std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

absl::Status CheckRequest(const HttpRequest& request) {
  if (!IsToken(request.method)) {
    return absl::InvalidArgumentError("the method is none of HTTP");
  }
  for (const HttpHeader& header : request.headers) {
    if (IsToken(header.name) && IsFieldValue(header.value)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the header ", Printable(header.name, 64), " is malformed"));
  }
  return absl::OkStatus();
}

// The files of `request` as they are now.
absl::StatusOr<std::vector<CaFile>> ReadCaFiles(FileSystem& files,
                                                const HttpRequest& request) {
  std::vector<CaFile> read;
  const bool has_extra = !request.extra_ca_file.empty();
  absl::StatusOr<std::string> pem =
      files.ReadFile(request.ca_file, kLargestCaFile);
  if (!has_extra || !absl::IsNotFound(pem.status())) {
    RETURN_IF_ERROR(pem.status());
    read.push_back({request.ca_file, *std::move(pem)});
  }
  if (has_extra) {
    ASSIGN_OR_RETURN(std::string extra,
                     files.ReadFile(request.extra_ca_file, kLargestCaFile));
    read.push_back({request.extra_ca_file, std::move(extra)});
  }
  return read;
}

}  // namespace

struct SystemHttpClient::Kept {
  // Whom `files` say to trust: reading them is cheap, parsing is not.
  absl::StatusOr<Trust> TrustIn(std::vector<CaFile> files) {
    MutexLock lock(mutex);
    if (trust == nullptr || files != ca_files) {
      ASSIGN_OR_RETURN(trust, MakeTrust(files));
      ca_files = std::move(files);
    }
    return trust;
  }

  IdleConnections idle = {};
  Mutex mutex;
  std::vector<CaFile> ca_files ABSL_GUARDED_BY(mutex);
  Trust trust ABSL_GUARDED_BY(mutex);
};

SystemHttpClient::SystemHttpClient(FileSystem& files, Clock& clock,
                                   LookUpName look_up)
    : files_(files),
      clock_(clock),
      look_up_(std::move(look_up)),
      kept_(std::make_unique<Kept>()) {}

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
  const std::string what =
      absl::StrCat(request.method, " ", url.authority,
                   request.proxy ? " through the proxy " : "",
                   request.proxy ? request.proxy->authority : "");
  try {
    Trust trust;
    if (url.is_secure) {
      absl::StatusOr<Trust> made = kept_->TrustIn(std::move(ca_files));
      RETURN_IF_ERROR(Annotate(made.status(), what));
      trust = *std::move(made);
    }
    absl::StatusOr<HttpResponse> response = Converse({.request = request,
                                                      .url = url,
                                                      .trust = trust,
                                                      .idle = kept_->idle,
                                                      .look_up = look_up_,
                                                      .clock = clock_,
                                                      .stop = stop});
    if (!response.ok()) return Annotate(response.status(), what);
    return response;
  } catch (const std::runtime_error& error) {
    // What has no overload for error codes: the making of contexts and threads.
    return absl::UnavailableError(absl::StrCat(what, ": ", error.what()));
  }
}

std::unique_ptr<HttpClient> MakeHttpClient(FileSystem& files, Clock& clock) {
  return std::make_unique<SystemHttpClient>(files, clock);
}

}  // namespace prepull
