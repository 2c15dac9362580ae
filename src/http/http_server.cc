#include "prepull/http/http_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "prepull/base/errno_status.h"
#include "prepull/base/log.h"

namespace prepull {
namespace {

namespace io = boost::asio;
namespace beast = boost::beast;

using IoError = boost::system::error_code;
using ServedTcp = io::ip::tcp;

// After an accept that failed for want of descriptors or memory.
constexpr std::chrono::seconds kAcceptPause{1};
constexpr size_t kJoinBytes = 16 << 10;

// One connection. Lives as long as an operation of it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(ServedTcp::socket socket, const HttpPages& pages,
          const HttpServerLimits& limits, size_t& open_sessions)
      : stream_(std::move(socket)),
        pages_(pages),
        limits_(limits),
        open_sessions_(open_sessions),
        idle_(absl::ToChronoMilliseconds(limits.idle)) {
    ++open_sessions_;
  }
  ~Session() { --open_sessions_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The time is for the whole head: it may not drip.
  void Read() {
    parser_.emplace();
    parser_->header_limit(limits_.header_bytes);
    parser_->body_limit(0);
    stream_.expires_after(idle_);
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const IoError& error, size_t) {
          self->OnRead(error);
        });
  }

 private:
  using Head = beast::http::response<beast::http::empty_body>;

  void OnRead(const IoError& error) {
    if (error == beast::http::error::header_limit) {
      return Refuse(431, "headers too large\n");
    }
    if (error == beast::http::error::body_limit) {
      return Refuse(413, "no body expected\n");
    }
    if (error.category() ==
            make_error_code(beast::http::error::bad_version).category() &&
        error != beast::http::error::end_of_stream &&
        error != beast::http::error::partial_message) {
      return Refuse(400, "invalid request\n");
    }
    if (error) return;  // closed, or too late
    const auto& request = parser_->get();
    const bool is_head = request.method() == beast::http::verb::head;
    if (!is_head && request.method() != beast::http::verb::get) {
      return Refuse(405, "only GET and HEAD\n");
    }
    const absl::string_view target(request.target().data(),
                                   request.target().size());
    Answer(pages_(target.substr(0, target.find('?'))), is_head,
           request.keep_alive(), request.version());
  }

  // An answer to what cannot be read on from.
  void Refuse(int status, std::string text) {
    Answer({.status = status, .body = std::move(text)}, /*is_head=*/false,
           /*keep_alive=*/false, 11);
  }

  void Answer(HttpPage page, bool is_head, bool keep_alive, unsigned version) {
    page_ = std::move(page);
    const bool has_pieces = page_.next_piece != nullptr;
    if (is_head) page_.next_piece = nullptr;
    is_chunked_ = has_pieces && version == 11;
    keep_alive_ = keep_alive && (is_chunked_ || !has_pieces);
    Head head(static_cast<beast::http::status>(page_.status), version);
    head.set(beast::http::field::content_type, page_.content_type);
    head.keep_alive(keep_alive_);
    if (page_.status == 405) head.set(beast::http::field::allow, "GET, HEAD");
    if (is_chunked_) {
      head.chunked(true);
    } else if (!has_pieces) {
      head.content_length(page_.body.size());
    }
    out_ = absl::StrCat(HeadText(head), is_head ? "" : Framed(page_.body));
    page_.body.clear();
    is_late_ = false;
    page_timer_.expires_after(absl::ToChronoMilliseconds(limits_.page));
    page_timer_.async_wait([weak = weak_from_this()](const IoError& error) {
      const std::shared_ptr<Session> self = weak.lock();
      if (error || !self) return;
      // A piece that is written already can no longer be cancelled.
      self->is_late_ = true;
      self->stream_.cancel();
    });
    Write();
  }

  static std::string HeadText(const Head& head) {
    std::string text = absl::StrCat("HTTP/", head.version() / 10, ".",
                                    head.version() % 10, " ", head.result_int(),
                                    " ", std::string(head.reason()), "\r\n");
    for (const auto& field : head) {
      absl::StrAppend(&text, std::string(field.name_string()), ": ",
                      std::string(field.value()), "\r\n");
    }
    return text + "\r\n";
  }

  // `piece` as a chunk; an empty one would be the end.
  std::string Framed(const std::string& piece) const {
    if (!is_chunked_ || piece.empty()) return piece;
    return absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n");
  }

  void Write() {
    while (page_.next_piece && out_.size() < kJoinBytes) Fetch();
    stream_.expires_after(idle_);
    io::async_write(stream_, io::buffer(out_),
                    [self = shared_from_this()](const IoError& error, size_t) {
                      self->OnWritten(error);
                    });
  }

  // Appends the next piece, or the end.
  void Fetch() {
    const std::string piece = page_.next_piece();
    if (piece.empty()) {
      page_.next_piece = nullptr;
      if (is_chunked_) out_ += "0\r\n\r\n";
    }
    out_ += Framed(piece);
  }

  void OnWritten(const IoError& error) {
    out_.clear();
    if (error || is_late_) return;
    if (page_.next_piece) return Write();
    page_timer_.cancel();
    if (keep_alive_) return Read();
    IoError ignored;
    stream_.socket().shutdown(ServedTcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  const HttpPages& pages_;
  const HttpServerLimits& limits_;
  size_t& open_sessions_;
  const std::chrono::milliseconds idle_;
  beast::flat_buffer buffer_{16 << 10};
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  HttpPage page_;
  std::string out_;  // head, and pieces
  bool is_chunked_ = false;
  bool keep_alive_ = false;
  bool is_late_ = false;  // the page took too long
  io::steady_timer page_timer_{stream_.get_executor()};
};

}  // namespace

class WebServer::Server {
 public:
  Server(ListeningSocket socket, HttpPages pages,
         const HttpServerLimits& limits)
      : pages_(std::move(pages)), limits_(limits) {
    const auto protocol = socket.is_ipv6() ? ServedTcp::v6() : ServedTcp::v4();
    acceptor_.assign(protocol, socket.Release());
    Accept();
    thread_ = std::jthread([this] { context_.run(); });
  }

  ~Server() { context_.stop(); }

 private:
  void Accept() {
    acceptor_.async_accept(
        [this](const IoError& error, ServedTcp::socket socket) {
          if (error) return Pause(error);
          if (open_sessions_ < limits_.connections) {
            std::make_shared<Session>(std::move(socket), pages_, limits_,
                                      open_sessions_)
                ->Read();
          }
          Accept();
        });
  }

  void Pause(const IoError& error) {
    Log(LogLevel::kWarn, "HTTP connection not accepted",
        {{"error", ErrnoText(error.value())}});
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const IoError&) { Accept(); });
  }

  const HttpPages pages_;
  const HttpServerLimits limits_;
  size_t open_sessions_ = 0;  // of the thread
  io::io_context context_{1};
  ServedTcp::acceptor acceptor_{context_};
  io::steady_timer pause_{context_};
  std::jthread thread_;
};

WebServer::WebServer(ListeningSocket socket, HttpPages pages,
                     const HttpServerLimits& limits)
    : server_(std::make_unique<Server>(std::move(socket), std::move(pages),
                                       limits)) {}

WebServer::~WebServer() = default;

}  // namespace prepull
