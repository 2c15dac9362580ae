#include "src/http/exchange.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "src/http/error_status.h"
#include "src/http/tls.h"

namespace prepull {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Parser = http::response_parser<http::buffer_body>;

constexpr size_t kPieceBytes = 64 << 10;
constexpr int kMaxInterimResponses = 8;

absl::Status ProxyRefuses(int status) {
  const std::string text = absl::StrCat("proxy responded ", status);
  return status / 100 == 4 ? absl::PermissionDeniedError(text)
                           : absl::UnavailableError(text);
}

bool IsRepeatable(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

class Exchange {
 public:
  Exchange(const ExchangeSetup& setup, Connection& connection)
      : setup_(setup),
        limits_(setup.request.limits),
        connection_(connection),
        io_(connection.io),
        socket_(connection.socket),
        wake_(setup.stop, Wake{connection.io}) {}

  absl::Status Open() {
    Instant connected_by = After(limits_.connect);
    RETURN_IF_ERROR(Connect(connected_by));
    if (!setup_.url.is_secure) return absl::OkStatus();
    if (setup_.request.proxy) {
      RETURN_IF_ERROR(Tunnel());
      connected_by = After(limits_.connect);
    }
    connection_.tls_context = setup_.tls_context;
    connection_.tls.emplace(socket_, *connection_.tls_context);
    const std::string& name = setup_.request.server_name;
    RETURN_IF_ERROR(ExpectHost(connection_.tls->native_handle(),
                               name.empty() ? setup_.url.host : name));
    return Handshake(*connection_.tls, connected_by);
  }

  absl::StatusOr<HttpResponse> Send() {
    return connection_.tls ? SendOver(*connection_.tls) : SendOver(socket_);
  }

  // Whether anything of a response came.
  bool is_responding() const { return is_responding_; }
  // Whether the connection can serve another request.
  bool is_reusable() const { return is_reusable_; }

 private:
  // Makes Await check for a stop.
  struct Wake {
    void operator()() const {
      asio::post(io, [] {});
    }

    asio::io_context& io;
  };
  // The result of an operation. Shared, because an abandoned one may end later.
  struct Result {
    bool is_set = false;
    ErrorCode error;
  };

  Instant After(absl::Duration limit) const {
    return std::min(setup_.clock.Now() + limit, limits_.until);
  }

  // Runs operations until `is_done`. Errors: CANCELLED, DEADLINE_EXCEEDED.
  template <typename IsDone>
  absl::Status Await(absl::string_view what, Instant until, IsDone is_done) {
    while (!is_done()) {
      if (setup_.stop.stop_requested()) {
        return absl::CancelledError("interrupted");
      }
      const absl::Duration left = until - setup_.clock.Now();
      if (left <= absl::ZeroDuration()) {
        return absl::DeadlineExceededError(absl::StrCat(what, ": timed out"));
      }
      // Asio's own clock overflows on an infinite duration.
      io_.run_one_for(absl::ToChronoMilliseconds(
          std::min(left, absl::Hours(1)) + absl::Milliseconds(1)));
    }
    return absl::OkStatus();
  }

  // Runs the operation that `start` starts with a handler. After a timeout the
  // operation is abandoned, and the objects that it uses must be destroyed.
  template <typename Start>
  absl::Status Await(absl::string_view what, Instant until, ErrorCode& error,
                     Start start) {
    const auto result = std::make_shared<Result>();
    start([result](const ErrorCode& why, auto&&...) {
      result->is_set = true;
      result->error = why;
    });
    RETURN_IF_ERROR(Await(what, until, [&result] { return result->is_set; }));
    error = result->error;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Tcp::endpoint>> FindAddresses(Instant until) {
    const auto& proxy = setup_.request.proxy;
    const std::string& host = proxy ? proxy->host : setup_.url.host;
    const uint16_t port = proxy ? proxy->port : setup_.url.port;
    ErrorCode no_address;
    const auto address = asio::ip::make_address(host, no_address);
    if (!no_address) return std::vector{Tcp::endpoint(address, port)};

    using Answer = absl::StatusOr<std::vector<std::string>>;
    const auto answer = std::make_shared<std::optional<Answer>>();
    const Lookup lookup(setup_.resolve_host, host,
                        [this, answer](const Answer& found) {
                          asio::post(io_, [answer, found] { *answer = found; });
                        });
    RETURN_IF_ERROR(Await("resolve host", until,
                          [&answer] { return answer->has_value(); }));
    RETURN_IF_ERROR(Annotate((*answer)->status(), "resolve host"));
    std::vector<Tcp::endpoint> endpoints;
    for (const std::string& text : ***answer) {
      endpoints.emplace_back(asio::ip::make_address(text, no_address), port);
    }
    return endpoints;
  }

  // Tries one address after another, each with its share of the time: one that
  // drops packets must not use up all of it.
  absl::Status Connect(Instant until) {
    ASSIGN_OR_RETURN(const std::vector<Tcp::endpoint> endpoints,
                     FindAddresses(until));
    absl::Status status = absl::UnavailableError("resolve host: no address");
    for (size_t i = 0; i < endpoints.size(); ++i) {
      const Instant now = setup_.clock.Now();
      const absl::Duration share =
          (until - now) / static_cast<int64_t>(endpoints.size() - i);
      status = ConnectTo(endpoints[i], now + share);
      if (status.ok() || absl::IsCancelled(status)) break;
    }
    return status;
  }

  absl::Status ConnectTo(const Tcp::endpoint& endpoint, Instant until) {
    ErrorCode error;
    socket_.close(error);
    RETURN_IF_ERROR(Await("connect", until, error, [&](auto done) {
      socket_.async_connect(endpoint, std::move(done));
    }));
    return error ? ToStatus(error, "connect") : absl::OkStatus();
  }

  // Asks the proxy for a tunnel to the server (CONNECT).
  absl::Status Tunnel() {
    http::request<http::empty_body> message(
        http::verb::connect,
        absl::StrCat(setup_.url.authority,
                     setup_.url.port == 443 ? ":443" : ""),
        11);
    message.set(http::field::host, message.target());
    AddProxyHeader(message);
    RETURN_IF_ERROR(Write(socket_, message));
    boost::beast::flat_buffer buffer(kMaxHeaderBytes + kPieceBytes);
    std::optional<Parser> parser;
    RETURN_IF_ERROR(ReadHead(socket_, buffer, parser));
    const int status = static_cast<int>(parser->get().result_int());
    if (status / 100 != 2) return ProxyRefuses(status);
    if (buffer.size() == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("unexpected data from the proxy");
  }

  absl::Status Handshake(asio::ssl::stream<Tcp::socket&>& stream,
                         Instant until) {
    ErrorCode error;
    RETURN_IF_ERROR(Await("TLS handshake", until, error, [&](auto done) {
      stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
    }));
    return error ? HandshakeStatus(error, stream.native_handle())
                 : absl::OkStatus();
  }

  template <typename Stream>
  absl::StatusOr<HttpResponse> SendOver(Stream& stream) {
    const http::request<http::string_body> request = Message();
    RETURN_IF_ERROR(Write(stream, request));
    boost::beast::flat_buffer buffer(kMaxHeaderBytes + kPieceBytes);
    std::optional<Parser> parser;
    RETURN_IF_ERROR(ReadHead(stream, buffer, parser));
    HttpResponse response;
    response.status = static_cast<int>(parser->get().result_int());
    if (response.status == 407) return ProxyRefuses(response.status);
    for (const auto& field : parser->get()) {
      response.headers.push_back(
          {std::string(field.name_string()), std::string(field.value())});
    }
    RETURN_IF_ERROR(ReadBody(stream, buffer, *parser, response));
    is_reusable_ = IsRepeatable(setup_.request) && parser->keep_alive() &&
                   buffer.size() == 0;
    return response;
  }

  http::request<http::string_body> Message() const {
    const HttpRequest& request = setup_.request;
    const bool is_for_proxy = request.proxy && !setup_.url.is_secure;
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target(is_for_proxy ? absl::StrCat("http://", setup_.url.authority,
                                               setup_.url.target)
                                : setup_.url.target);
    message.set(http::field::user_agent, "prepull");
    for (const HttpHeader& header : request.headers) {
      message.set(header.name, header.value);
    }
    message.set(http::field::host, setup_.url.authority);
    if (is_for_proxy) AddProxyHeader(message);
    message.keep_alive(IsRepeatable(request));
    message.body() = request.body;
    if (!request.body.empty()) message.content_length(request.body.size());
    return message;
  }

  void AddProxyHeader(http::fields& message) const {
    const std::string& value = setup_.request.proxy->authorization;
    if (!value.empty()) message.set(http::field::proxy_authorization, value);
  }

  template <typename Stream, typename Message>
  absl::Status Write(Stream& stream, const Message& message) {
    ErrorCode error;
    RETURN_IF_ERROR(
        Await("send request", After(limits_.idle), error, [&](auto done) {
          http::async_write(stream, message, std::move(done));
        }));
    return error ? ToStatus(error, "send request") : absl::OkStatus();
  }

  // Reads the head of the final response, after any interim ones (1xx).
  template <typename Stream>
  absl::Status ReadHead(Stream& stream, boost::beast::flat_buffer& buffer,
                        std::optional<Parser>& parser) {
    for (int i = 0; i <= kMaxInterimResponses; ++i) {
      parser.emplace();
      parser->header_limit(kMaxHeaderBytes);
      parser->body_limit(boost::none);  // ReadBody has one
      parser->skip(setup_.request.method == "HEAD");
      ErrorCode error;
      RETURN_IF_ERROR(
          Await("read response", After(limits_.idle), error, [&](auto done) {
            http::async_read_header(stream, buffer, *parser, std::move(done));
          }));
      is_responding_ = is_responding_ || buffer.size() > 0 || !error;
      if (error) return ToStatus(error, "read response");
      if (parser->get().result_int() / 100 != 1) return absl::OkStatus();
    }
    return absl::InvalidArgumentError("read response: too many 1xx responses");
  }

  template <typename Stream>
  absl::Status ReadBody(Stream& stream, boost::beast::flat_buffer& buffer,
                        Parser& parser, HttpResponse& response) {
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      ErrorCode error;
      RETURN_IF_ERROR(
          Await("read body", After(limits_.idle), error, [&](auto done) {
            http::async_read_some(stream, buffer, parser, std::move(done));
          }));
      if (error && error != http::error::need_buffer) {
        return ToStatus(error, "read body");
      }
      RETURN_IF_ERROR(
          Append({piece.data(), piece.size() - body.size}, response));
    }
    return absl::OkStatus();
  }

  absl::Status Append(absl::string_view piece, HttpResponse& response) const {
    if (piece.empty()) return absl::OkStatus();
    const BodySink& sink = setup_.request.sink;
    if (sink && response.status / 100 == 2) return sink(response, piece);
    absl::StrAppend(&response.body, piece);
    if (static_cast<int64_t>(response.body.size()) <= limits_.body_bytes) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("read body: larger than ", limits_.body_bytes, " bytes"));
  }

  const ExchangeSetup& setup_;
  const HttpLimits& limits_;
  Connection& connection_;
  asio::io_context& io_;
  Tcp::socket& socket_;
  bool is_responding_ = false;
  bool is_reusable_ = false;
  const std::stop_callback<Wake> wake_;
};

// The key of a connection: its server and the way to it.
std::string PeerOf(const ExchangeSetup& setup) {
  const auto& proxy = setup.request.proxy;
  return absl::StrCat(setup.url.is_secure ? "https://" : "http://",
                      setup.url.authority, " ", proxy ? proxy->authority : "",
                      " ", proxy ? proxy->authorization : "", " ",
                      setup.request.server_name);
}

// Sends the request over `connection`, and keeps it if it is reusable.
absl::StatusOr<HttpResponse> SendOver(const ExchangeSetup& setup,
                                      std::unique_ptr<Connection> connection,
                                      bool& is_responding) {
  absl::StatusOr<HttpResponse> response;
  bool is_reusable = false;
  {
    Exchange exchange(setup, *connection);
    if (!connection->socket.is_open()) RETURN_IF_ERROR(exchange.Open());
    response = exchange.Send();
    is_responding = exchange.is_responding();
    is_reusable = exchange.is_reusable();
  }
  if (is_reusable) {
    setup.idle.Keep(PeerOf(setup), std::move(connection), setup.clock.Now());
  }
  return response;
}

}  // namespace

absl::StatusOr<HttpResponse> RoundTrip(const ExchangeSetup& setup) {
  bool is_responding = false;
  std::unique_ptr<Connection> idle;
  if (IsRepeatable(setup.request)) {
    idle = setup.idle.Take(PeerOf(setup), setup.tls_context, setup.clock.Now());
  }
  if (idle != nullptr) {
    absl::StatusOr<HttpResponse> response =
        SendOver(setup, std::move(idle), is_responding);
    // Unless the server had closed it before the request.
    if (is_responding || !absl::IsUnavailable(response.status()))
      return response;
  }
  return SendOver(setup, std::make_unique<Connection>(), is_responding);
}

}  // namespace prepull
