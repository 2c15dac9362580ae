// One question and one answer over a connection.
#ifndef PREPULL_SRC_HTTP_EXCHANGE_H_
#define PREPULL_SRC_HTTP_EXCHANGE_H_

#include <stop_token>
#include <string>

#include "prepull/base/clock.h"
#include "prepull/http/http_client.h"
#include "src/http/connection.h"
#include "src/http/name_lookup.h"
#include "src/http/url.h"

namespace prepull {

struct ExchangeSetup {
  const HttpRequest& request;
  const Url& url;
  const Trust& trust;  // null for plain HTTP
  IdleConnections& idle;
  const LookUpName& look_up;
  const Clock& clock;
  const std::stop_token& stop;
};

// Errors as for HttpClient::Send. Throws what Asio throws where the kernel
// gives it no descriptors.
absl::StatusOr<HttpResponse> Converse(const ExchangeSetup& setup);

}  // namespace prepull

#endif  // PREPULL_SRC_HTTP_EXCHANGE_H_
