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

// A bound token has 1 to 2 kB.
constexpr int64_t kMaxAccountFileBytes = 64 << 10;

absl::StatusOr<std::string> ReadToken(const ApiServer& server,
                                      FileSystem& files) {
  const std::string path = absl::StrCat(server.service_account_dir, "/token");
  ASSIGN_OR_RETURN(std::string token, ReadAccountFile(path, files));
  const bool is_token =
      !token.empty() &&
      std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
  if (is_token) return token;
  return absl::InvalidArgumentError(absl::StrCat(path, ": invalid token"));
}

// The text of `key` in the Status that `body` may be.
std::string FieldOfStatus(absl::string_view body, absl::string_view key) {
  const absl::StatusOr<JsonDocument> status = JsonDocument::Parse(body);
  if (!status.ok() || (*status)["kind"].StringOrEmpty() != "Status") return "";
  return (*status)[key].StringOrEmpty();
}

}  // namespace

absl::StatusOr<std::string> ReadAccountFile(const std::string& path,
                                            FileSystem& files) {
  // Reading a pipe could block for ever.
  ASSIGN_OR_RETURN(const FileKind kind, files.KindOf(path));
  if (kind != FileKind::kFile) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a file"));
  }
  ASSIGN_OR_RETURN(const std::string text,
                   files.ReadFile(path, kMaxAccountFileBytes));
  return std::string(absl::StripAsciiWhitespace(text));
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
  absl::StatusOr<std::string> token = ReadToken(server, seams.files);
  if (!token.ok()) return Annotate(token.status(), "service account");
  HttpRequest request = {
      .method = call.method,
      .url = absl::StrCat(server.url, call.target),
      .headers = {{"Authorization", absl::StrCat("Bearer ", *token)},
                  {"Accept", "application/json"}},
      .body = call.body,
      .sink = call.sink,
      .limits = call.limits,
      .ca_file = absl::StrCat(server.service_account_dir, "/ca.crt")};
  if (!call.content_type.empty()) {
    request.headers.push_back({"Content-Type", call.content_type});
  }
  ASSIGN_OR_RETURN(HttpResponse response, seams.http.Send(request, stop));
  return ApiAnswer{.response = std::move(response), .token = *std::move(token)};
}

}  // namespace prepull
