#include "src/registry/origins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepull/base/passing_error.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using OriginsTest = RegistryClientTest;

// The way in which a registry without TLS is asked must not be settled as long
// as it does not answer.
TEST_F(OriginsTest, ARegistryWithoutTlsThatComesLateIsFound) {
  const auto refused = [](const HttpRequest&) {
    return absl::UnavailableError("refused");
  };
  for (const char* scheme : {"https", "http"}) {
    servers_.answers[absl::StrCat(scheme, "://127.0.0.1:5000/v2/")] = refused;
  }
  const auto away = Client().FetchManifest(Image("127.0.0.1:5000/app:1"));
  servers_.answers["https://127.0.0.1:5000/v2/"] = [](const HttpRequest&) {
    return absl::FailedPreconditionError("TLS handshake: wrong version number");
  };
  servers_.Fixed("http://127.0.0.1:5000/v2/", {.status = 200});
  servers_.Fixed("http://127.0.0.1:5000/v2/app/manifests/1",
                 {.status = 200, .body = kManifest});

  EXPECT_TRUE(IsPassing(away.status()));
  EXPECT_THAT(Client().FetchManifest(Image("127.0.0.1:5000/app:1")), IsOk());
}

TEST_F(OriginsTest, ACertificateThatIsNotTrustedIsWhatIsSaid) {
  servers_.answers["https://127.0.0.1:5000/v2/"] = [](const HttpRequest&) {
    return absl::FailedPreconditionError("the certificate is not trusted");
  };
  servers_.answers["http://127.0.0.1:5000/v2/"] = [](const HttpRequest&) {
    return absl::UnavailableError("connection closed early");
  };

  const auto resolved = Client().FetchManifest(Image("127.0.0.1:5000/app:1"));

  EXPECT_FALSE(IsPassing(resolved.status()));
  EXPECT_THAT(resolved, StatusIs(absl::StatusCode::kFailedPrecondition,
                                 "the certificate is not trusted"));
}

TEST(IsAuthorityTest, AHostWithAPortOrNot) {
  for (const char* text : {"h", "h.example", "h:5000", "127.0.0.1:1", "[::1]",
                           "[::1]:5000", "localhost"}) {
    EXPECT_TRUE(IsAuthority(text)) << text;
  }
  for (const char* text : {"", "*", "https://h", "h/path", "h.example/p", "h:x",
                           "h:", "h:1/p", "a@h", "h:1:2", " h"}) {
    EXPECT_FALSE(IsAuthority(text)) << text;
  }
}

}  // namespace
}  // namespace prepull
