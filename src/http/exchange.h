// Sends one request over a connection and reads its response.
#ifndef PREPULL_SRC_HTTP_EXCHANGE_H_
#define PREPULL_SRC_HTTP_EXCHANGE_H_

#include <stop_token>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/http/http_client.h"
#include "prepull/http/url.h"
#include "src/http/connection.h"
#include "src/http/name_lookup.h"

namespace prepull {

struct ExchangeSetup {
  const HttpRequest& request;
  const Url& url;
  const TlsContext& tls_context;  // null for plain HTTP
  IdleConnections& idle;
  const ResolveHost& resolve_host;
  const Clock& clock;
  const std::stop_token& stop;
};

// Returns the response to `setup.request`. Errors: as HttpClient::Send. Throws
// what Asio throws if there are no descriptors left.
absl::StatusOr<HttpResponse> RoundTrip(const ExchangeSetup& setup);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_EXCHANGE_H_
