// A client and the folder with the CA file that it is told of.
#ifndef PREPULL_TEST_HTTP_HTTP_CLIENT_FIXTURE_H_
#define PREPULL_TEST_HTTP_HTTP_CLIENT_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <string>

#include "absl/strings/str_cat.h"
#include "prepull/base/clock.h"
#include "src/http/system_client.h"
#include "test/support/certificates.h"
#include "test/support/fake_file_system.h"
#include "test/support/http_server.h"
#include "test/support/status_matchers.h"

namespace prepull {

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    EXPECT_THAT(files_.WriteFileAtomically("/ca.crt", authority_.pem()),
                IsOk());
  }

  // For a server on 127.0.0.1.
  static std::string UrlOf(const HttpServer& server, bool is_secure = false) {
    return absl::StrCat(is_secure ? "https" : "http",
                        "://127.0.0.1:", server.port(), "/v2/?secret=1");
  }

  absl::StatusOr<HttpResponse> Get(const std::string& url) {
    return client_.Send({.url = url, .limits = limits_, .ca_file = "/ca.crt"},
                        stop_.get_token());
  }
  absl::StatusOr<HttpResponse> GetSecure(const HttpServer& server) {
    return Get(UrlOf(server, /*is_secure=*/true));
  }
  absl::StatusOr<HttpResponse> GetPlain(const HttpServer& server) {
    return Get(UrlOf(server));
  }

  SystemClock clock_;
  FakeFileSystem files_;
  CertificateAuthority authority_;
  SystemHttpClient client_{files_, clock_};
  HttpLimits limits_;
  std::stop_source stop_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_HTTP_HTTP_CLIENT_FIXTURE_H_
