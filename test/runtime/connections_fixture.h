// A program that stands for CRI-O, a server whose answers stall, and the
// connections between them.
#ifndef PREPULL_TEST_RUNTIME_CONNECTIONS_FIXTURE_H_
#define PREPULL_TEST_RUNTIME_CONNECTIONS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/runtime/connections.h"
#include "test/runtime/fetching_process.h"
#include "test/support/http_server.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {

MATCHER_P(HasId, id, "") { return arg.id == id; }
MATCHER_P(IsFrom, peer, "") { return arg.peer == peer; }
MATCHER_P(Received, bytes, "") {
  return arg.received_bytes == static_cast<int64_t>(bytes);
}

class ConnectionsTest : public testing::Test {
 protected:
  ConnectionsTest() {
    registry_.Script({{.bytes = kPart, .then = HttpReply::Then::kHang}});
  }

  static std::string AddressOf(const HttpServer& server) {
    return absl::StrCat("127.0.0.1:", server.port());
  }

  // Those of CRI-O, which serves from here on.
  std::unique_ptr<Connections> Open() {
    EXPECT_EQ(crio_.Serve(socket_), "ok");
    absl::StatusOr<std::unique_ptr<Connections>> opened =
        OpenConnections(socket_);
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }

  // The connection of `process` that has just stalled in its body.
  void Stall(FetchingProcess& process) {
    ASSERT_EQ(process.Fetch(registry_.port(), kPart.size()), "ok");
  }

  // What a download gets before it stalls.
  const std::string kPart =
      absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
                   std::string(70000, 'x'));

  TempFolder folder_;
  const std::string socket_ = folder_.Path("crio.sock");
  const std::string program_ = CopyOfFetchingProgram(folder_.Path("crio"));
  HttpServer registry_;
  FetchingProcess crio_{program_};
};

}  // namespace prepull

#endif  // PREPULL_TEST_RUNTIME_CONNECTIONS_FIXTURE_H_
