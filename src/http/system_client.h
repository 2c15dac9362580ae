// The client over real sockets.
#ifndef PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
#define PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_

#include "prepull/http/http_client.h"
#include "src/http/name_lookup.h"

namespace prepull {

class SystemHttpClient : public HttpClient {
 public:
  SystemHttpClient(FileSystem& files, Clock& clock,
                   LookUpName look_up = SystemLookUp)
      : files_(files), clock_(clock), look_up_(std::move(look_up)) {}

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override;

 private:
  FileSystem& files_;
  Clock& clock_;
  const LookUpName look_up_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
