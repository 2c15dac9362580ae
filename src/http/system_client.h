// The client over real sockets.
#ifndef PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
#define PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_

#include <memory>

#include "prepull/http/http_client.h"
#include "src/http/name_lookup.h"

namespace prepull {

class SystemHttpClient : public HttpClient {
 public:
  SystemHttpClient(FileSystem& files, Clock& clock,
                   LookUpName look_up = SystemLookUp);
  ~SystemHttpClient() override;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token& stop) override;

 private:
  // What is kept from one call to the next.
  struct Kept;

  FileSystem& files_;
  Clock& clock_;
  const LookUpName look_up_;
  const std::unique_ptr<Kept> kept_;
};

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_SYSTEM_CLIENT_H_
