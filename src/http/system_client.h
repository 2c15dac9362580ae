// HttpClient over real sockets.
#ifndef PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
#define PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_

#include <memory>

#include "prepull/http/http_client.h"
#include "src/http/name_lookup.h"

namespace prepull {

class SystemHttpClient : public HttpClient {
 public:
  SystemHttpClient(FileSystem& files, Clock& clock,
                   ResolveHost resolve_host = SystemResolveHost);
  ~SystemHttpClient() override;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override;

 private:
  // The state shared by calls.
  struct State;

  FileSystem& files_;
  Clock& clock_;
  const ResolveHost resolve_host_;
  const std::unique_ptr<State> state_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
