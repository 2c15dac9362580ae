#include "prepull/kube/api_server.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/kube/kube_client.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/fake_http_client.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CredentialsTest : public testing::Test {
 protected:
  // What is sent when `server` is asked for an object.
  absl::StatusOr<HttpRequest> Ask(const ApiServer& server) {
    KubeClient client(server, {.http = http_,
                               .files = files_,
                               .clock = clock_,
                               .roll_dice = [] { return 0.0; }});
    const absl::StatusOr<JsonDocument> answer =
        client.Get({.resource = "nodes", .name = "a"}, {.purpose = "test"});
    if (http_.calls().empty()) return answer.status();
    return http_.calls().back().request;
  }
  void Write(const std::string& path, const std::string& text) {
    EXPECT_THAT(files_.WriteFileAtomically(path, text), IsOk());
  }

  FakeClock clock_;
  FakeFileSystem files_;
  FakeHttpClient http_{clock_};
  ApiServer server_ = {.url = "https://api:6443/k8s"};
};

TEST_F(CredentialsTest, ShowsTheClientsCertificate) {
  server_.certificate = {.place = "/me.crt"};
  server_.key = {.place = "kubeconfig", .text = "key\n"};
  server_.server_name = "kubernetes";
  Write("/me.crt", "first");
  EXPECT_THAT(Ask(server_), IsOk());
  Write("/me.crt", "second");

  const absl::StatusOr<HttpRequest> sent = Ask(server_);

  ASSERT_THAT(sent, IsOk());
  EXPECT_EQ(sent->url, "https://api:6443/k8s/api/v1/nodes/a");
  EXPECT_EQ(sent->client_certificate,
            (ClientCertificate{"/me.crt", "second", "key"}));
  EXPECT_EQ(sent->server_name, "kubernetes");
  EXPECT_THAT(sent->headers, SizeIs(1));
  EXPECT_EQ(sent->ca_file, HttpRequest().ca_file);
}

TEST_F(CredentialsTest, TrustsOnlyTheAuthorityThatIsGiven) {
  server_.token = {.place = "kubeconfig", .text = "t"};
  server_.ca = {.place = "kubeconfig", .text = "PEM"};

  const absl::StatusOr<HttpRequest> sent = Ask(server_);

  ASSERT_THAT(sent, IsOk());
  EXPECT_EQ(sent->ca_file, "");
  ASSERT_THAT(sent->extra_ca, SizeIs(1));
  EXPECT_EQ(sent->extra_ca[0].pem, "PEM");
  EXPECT_EQ(sent->headers[0].value, "Bearer t");
}

TEST_F(CredentialsTest, AsksNobodyWithoutThem) {
  server_.certificate = {.place = "/me.crt"};
  server_.key = {.place = "/me.key"};

  EXPECT_THAT(Ask(server_),
              StatusIs(StatusCode::kNotFound, testing::HasSubstr("/me.crt")));
  EXPECT_THAT(http_.calls(), IsEmpty());
}

TEST_F(CredentialsTest, TriesARefusedCertificateNoMore) {
  server_.certificate = {.place = "kubeconfig", .text = "PEM"};
  server_.key = {.place = "kubeconfig", .text = "PEM"};
  http_.Script({FakeHttpClient::Status(
      401, R"({"kind":"Status","message":"Unauthorized"})")});

  EXPECT_THAT(Ask(server_), IsOk());

  EXPECT_THAT(http_.calls(), SizeIs(1));
}

struct Environment {
  std::map<std::string, std::string> variables;
  std::string url;
};

TEST(FindApiServerTest, ReadsThePodsEnvironment) {
  const std::vector<Environment> rows = {
      {{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
        {"KUBERNETES_SERVICE_PORT", "6443"}},
       "https://10.0.0.1:6443"},
      {{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
        {"KUBERNETES_SERVICE_PORT", "80"},
        {"KUBERNETES_SERVICE_PORT_HTTPS", "443"}},
       "https://10.0.0.1:443"},
      {{{"KUBERNETES_SERVICE_HOST", "fd00::1"}}, "https://[fd00::1]:443"},
  };
  for (const Environment& row : rows) {
    FakeHost host;
    host.environment = row.variables;

    const absl::StatusOr<ApiServer> server = FindApiServer(host, "/sa");

    ASSERT_THAT(server, IsOk());
    EXPECT_EQ(server->url, row.url);
    EXPECT_EQ(server->token.place, "/sa/token");
    EXPECT_EQ(server->ca.place, "/sa/ca.crt");
  }
}

TEST(FindApiServerTest, FindsNoneOutsideOfAPod) {
  EXPECT_THAT(
      FindApiServer(FakeHost(), "/sa"),
      StatusIs(StatusCode::kNotFound, "KUBERNETES_SERVICE_HOST is not set"));
}

TEST(ReadNamespaceTest, ReadsThePodsOwn) {
  FakeFileSystem files;
  EXPECT_THAT(files.WriteFileAtomically("/sa/namespace", "team-a\n"), IsOk());

  EXPECT_THAT(ReadNamespace("/sa", files), IsOkAndHolds("team-a"));
}

TEST(ReadNamespaceTest, TakesNothingThatIsNoName) {
  FakeFileSystem files;

  EXPECT_THAT(ReadNamespace("/sa", files), StatusIs(StatusCode::kNotFound));
  for (const std::string name : {"", "a/../b", "A"}) {
    EXPECT_THAT(files.WriteFileAtomically("/sa/namespace", name), IsOk());
    EXPECT_THAT(ReadNamespace("/sa", files),
                StatusIs(StatusCode::kInvalidArgument,
                         absl::StrCat("/sa/namespace: \"", name,
                                      "\" is no namespace")));
  }
}

}  // namespace
}  // namespace prepull
