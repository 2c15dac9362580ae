#include "prepull/kube/kubeconfig.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::absl::StatusCode;
using ::testing::HasSubstr;

constexpr char kAdmin[] = R"(apiVersion: v1
kind: Config
current-context: b
contexts:
- name: a
  context: {cluster: none, user: none}
- name: b
  context: {cluster: prod, user: admin, namespace: team}
clusters:
- name: prod
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority: pki/ca.crt
users:
- name: admin
  user:
    client-certificate-data: UEVNIDE=
    client-key: /etc/admin.key
)";

// kAdmin with `from` replaced.
std::string With(const std::string& from, const std::string& to) {
  EXPECT_TRUE(absl::StrContains(kAdmin, from)) << from;
  return absl::StrReplaceAll(kAdmin, {{from, to}});
}

std::string WithUser(const std::string& lines) {
  return With(
      "    client-certificate-data: UEVNIDE=\n    client-key: /etc/admin.key\n",
      lines);
}

TEST(KubeconfigTest, ReadsTheCurrentContext) {
  const absl::StatusOr<Kubeconfig> config =
      ParseKubeconfig(kAdmin, "/home/me/.kube/config");

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->object_namespace, "team");
  const ApiServer& server = config->server;
  EXPECT_EQ(server.url, "https://10.0.0.1:6443");
  EXPECT_EQ(server.server_name, "");
  EXPECT_EQ(server.ca.place, "/home/me/.kube/pki/ca.crt");
  EXPECT_FALSE(server.ca.text.has_value());
  EXPECT_EQ(server.certificate.text, "PEM 1");
  EXPECT_EQ(server.certificate.place,
            "/home/me/.kube/config: users[admin].user.client-certificate-data");
  EXPECT_EQ(server.key.place, "/etc/admin.key");
  EXPECT_FALSE(server.token.is_set());
}

TEST(KubeconfigTest, BeginsRelativePathsInItsOwnFolder) {
  EXPECT_EQ(ParseKubeconfig(kAdmin, "config")->server.ca.place, "pki/ca.crt");
  EXPECT_EQ(ParseKubeconfig(kAdmin, "a/config")->server.ca.place,
            "a/pki/ca.crt");
  EXPECT_EQ(ParseKubeconfig(kAdmin, "/config")->server.ca.place, "/pki/ca.crt");
}

TEST(KubeconfigTest, TakesAToken) {
  const absl::StatusOr<Kubeconfig> config =
      ParseKubeconfig(WithUser("    token: abc\n"), "/c");

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server.token.text, "abc");
  EXPECT_FALSE(config->server.certificate.is_set());
}

TEST(KubeconfigTest, TakesATokenFileOverAToken) {
  const absl::StatusOr<Kubeconfig> config =
      ParseKubeconfig(WithUser("    token: abc\n    tokenFile: t\n"), "/d/c");

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server.token.place, "/d/t");
  EXPECT_FALSE(config->server.token.text.has_value());
}

TEST(KubeconfigTest, TakesDataOverAFile) {
  const absl::StatusOr<Kubeconfig> taken =
      ParseKubeconfig(With("certificate-authority: pki/ca.crt",
                           "certificate-authority: pki/ca.crt\n"
                           "    certificate-authority-data: UEVN\n"
                           "    tls-server-name: kubernetes\n"
                           "    insecure-skip-tls-verify: false"),
                      "/c");
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(taken->server.ca.text, "PEM");
  EXPECT_EQ(taken->server.server_name, "kubernetes");
}

TEST(KubeconfigTest, SaysWhereItIsNoYaml) {
  EXPECT_THAT(ParseKubeconfig(With("pki/ca.crt", "{a: b"), "/c"),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("/c:14: invalid YAML: ")));
}

TEST(KubeconfigTest, ReadsWhatKubectlWritesAsJson) {
  const absl::StatusOr<Kubeconfig> config = ParseKubeconfig(
      R"({"kind":"Config","current-context":"a","preferences":{},
          "contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],
          "clusters":[{"name":"c","cluster":{"server":"https://h"}}],
          "users":[{"name":"u","user":{"token":"t"}}]})",
      "/c");

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->object_namespace, "default");
  EXPECT_FALSE(config->server.ca.is_set());
}

struct BadConfig {
  std::string text;
  std::string why;  // behind the file's name
};

TEST(KubeconfigTest, NamesTheFieldThatIsWrong) {
  const std::string plugins =
      "credential plugins are not supported: use a client certificate, token "
      "or tokenFile";
  const std::vector<BadConfig> rows = {
      {"", "current-context: missing"},
      {"[]", "current-context: missing"},
      {With("current-context: b", "current-context: ''"),
       "current-context: missing"},
      {With("current-context: b", "current-context: z"),
       "contexts[z]: there is none of that name"},
      {With("current-context: b", "current-context: a"),
       "clusters[none]: there is none of that name"},
      {With("- name: admin", "- name: other"),
       "users[admin]: there is none of that name"},
      {With("cluster: prod, ", ""), "contexts[b].context.cluster: missing"},
      {With("namespace: team", "namespace: ../a"),
       "contexts[b].context.namespace: expected the name of a namespace"},
      {With("    server: https://10.0.0.1:6443/\n", ""),
       "clusters[prod].cluster.server: missing"},
      {With("https://10.0.0.1:6443/", "http://10.0.0.1"),
       "clusters[prod].cluster.server: expected an https URL"},
      {With("https://10.0.0.1:6443/", "https://10.0.0.1?a=b"),
       "clusters[prod].cluster.server: expected an https URL"},
      {With("https://10.0.0.1:6443/", "[1]"),
       "clusters[prod].cluster.server: expected a line of text"},
      {With("certificate-authority: pki/ca.crt",
            "insecure-skip-tls-verify: true"),
       "clusters[prod].cluster.insecure-skip-tls-verify: a server that anybody "
       "may be is not asked: give its certificate-authority"},
      {With("certificate-authority: pki/ca.crt", "proxy-url: http://p"),
       "clusters[prod].cluster.proxy-url: a proxy is not supported"},
      {With("UEVNIDE=", "'*'"),
       "users[admin].user.client-certificate-data: expected base64"},
      {With("    client-key: /etc/admin.key\n", ""),
       "users[admin].user.client-key: missing"},
      {With("client-certificate-data: UEVNIDE=", "token: a"),
       "users[admin].user.client-certificate: missing"},
      {WithUser("    exec: {command: aws}\n"),
       "users[admin].user.exec: " + plugins},
      {WithUser("    auth-provider: {name: gcp}\n"),
       "users[admin].user.auth-provider: " + plugins},
      {WithUser("    username: a\n    password: b\n"),
       "users[admin].user.username: passwords are not supported: use a client "
       "certificate, token or tokenFile"},
      {WithUser("    token: a\n    as: root\n"),
       "users[admin].user.as: impersonation is not supported"},
      {WithUser("    {}\n"),
       "users[admin].user.token: missing, and there is no client-certificate "
       "or tokenFile"},
      {WithUser("    1\n"), "users[admin].user: expected a map"},
  };
  for (const BadConfig& row : rows) {
    EXPECT_THAT(ParseKubeconfig(row.text, "/c"),
                StatusIs(StatusCode::kInvalidArgument, "/c: " + row.why));
  }
}

TEST(KubeconfigTest, IsReadFromItsFile) {
  FakeFileSystem files;
  EXPECT_THAT(ReadKubeconfig("/c", files), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files.WriteFileAtomically("/c", kAdmin), IsOk());

  EXPECT_THAT(ReadKubeconfig("/c", files), IsOk());
}

}  // namespace
}  // namespace prepull
