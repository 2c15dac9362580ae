#include "src/kube/api_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "prepull/base/json_reader.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// A bound token has 1 to 2 kB, a certificate with its chain some more.
constexpr int64_t kMaxAccountFileBytes = 64 << 10;

// "" if there is none.
absl::StatusOr<std::string> ReadToken(const ApiServer& server,
                                      FileSystem& files) {
  if (!server.token.is_set()) return std::string();
  ASSIGN_OR_RETURN(std::string token, ReadKubeText(server.token, files));
  const bool is_token =
      !token.empty() &&
      std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
  if (is_token) return token;
  return absl::InvalidArgumentError(
      absl::StrCat(server.token.place, ": invalid token"));
}

absl::Status AddCertificates(const ApiServer& server, FileSystem& files,
                             HttpRequest& request) {
  if (server.ca.text) {
    request.ca_file.clear();
    request.extra_ca = {{server.ca.place, *server.ca.text}};
  } else if (server.ca.is_set()) {
    request.ca_file = server.ca.place;
  }
  request.server_name = server.server_name;
  if (!server.certificate.is_set()) return absl::OkStatus();
  ClientCertificate& client = request.client_certificate.emplace();
  client.place = server.certificate.place;
  ASSIGN_OR_RETURN(client.certificate, ReadKubeText(server.certificate, files));
  ASSIGN_OR_RETURN(client.key, ReadKubeText(server.key, files));
  return absl::OkStatus();
}

// The text of `key` in the Status that `body` may be.
std::string FieldOfStatus(absl::string_view body, absl::string_view key) {
  const absl::StatusOr<JsonDocument> status = JsonDocument::Parse(body);
  if (!status.ok() || (*status)["kind"].StringOrEmpty() != "Status") return "";
  return (*status)[key].StringOrEmpty();
}

}  // namespace

absl::StatusOr<std::string> ReadKubeText(const KubeText& text,
                                         FileSystem& files) {
  if (text.text) return std::string(absl::StripAsciiWhitespace(*text.text));
  // Reading a pipe could block for ever.
  ASSIGN_OR_RETURN(const FileKind kind, files.KindOf(text.place));
  if (kind != FileKind::kFile) {
    return absl::InvalidArgumentError(
        absl::StrCat(text.place, ": expected a file"));
  }
  ASSIGN_OR_RETURN(const std::string read,
                   files.ReadFile(text.place, kMaxAccountFileBytes));
  return std::string(absl::StripAsciiWhitespace(read));
}

std::string ApiAnswer::Message() const {
  return Printable(absl::StrReplaceAll(FieldOfStatus(response.body, "message"),
                                       {{token, "..."}}),
                   300);
}

std::string ApiAnswer::Reason() const {
  return FieldOfStatus(response.body, "reason");
}

absl::StatusOr<ApiAnswer> SendOnce(const ApiServer& server,
                                   const KubeClient::Seams& seams,
                                   const ApiCall& call,
                                   const std::stop_token& stop) {
  ASSIGN_OR_RETURN(std::string token, ReadToken(server, seams.files));
  HttpRequest request = {.method = call.method,
                         .url = absl::StrCat(server.url, call.target),
                         .headers = {{"Accept", "application/json"}},
                         .body = call.body,
                         .sink = call.sink,
                         .limits = call.limits};
  RETURN_IF_ERROR(AddCertificates(server, seams.files, request));
  if (!token.empty()) {
    request.headers.insert(request.headers.begin(),
                           {"Authorization", absl::StrCat("Bearer ", token)});
  }
  if (!call.content_type.empty()) {
    request.headers.push_back({"Content-Type", call.content_type});
  }
  ASSIGN_OR_RETURN(HttpResponse response, seams.http.Send(request, stop));
  return ApiAnswer{.response = std::move(response), .token = std::move(token)};
}

}  // namespace prepull
