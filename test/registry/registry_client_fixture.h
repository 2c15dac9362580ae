// A registry client among servers that a test writes, without a network.
#ifndef PREPULL_TEST_REGISTRY_REGISTRY_CLIENT_FIXTURE_H_
#define PREPULL_TEST_REGISTRY_REGISTRY_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/registry/registry_client.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_credentials.h"

namespace prepull {

constexpr char kBasicBob[] = "Basic Ym9iOmhpZGRlbg==";  // bob:hidden

// Servers as a test writes them: one function a URL.
class FakeServers : public HttpClient {
 public:
  using Answer =
      std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)>;

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request,
                                    const std::stop_token&) override {
    calls.push_back(absl::StrCat(request.method, " ", request.url));
    const auto answer = answers.find(request.url);
    if (answer == answers.end()) return HttpResponse{.status = 404};
    absl::StatusOr<HttpResponse> response = answer->second(request);
    if (!response.ok() || request.sink == nullptr ||
        response->status / 100 != 2) {
      return response;
    }
    const std::string body = std::exchange(response->body, "");
    const bool breaks_off = !response->Header("Breaks-Off").empty();
    const absl::Status taken = request.sink(*response, body);
    if (!taken.ok()) return taken;
    if (breaks_off) return absl::UnavailableError("cut short");
    return response;
  }

  void Fixed(const std::string& url, HttpResponse response) {
    answers[url] = [response](const HttpRequest&) { return response; };
  }

  std::map<std::string, Answer> answers = {};
  std::vector<std::string> calls = {};
};

inline std::string Header(const HttpRequest& request, absl::string_view name) {
  for (const HttpHeader& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

inline Reference Image(absl::string_view text) {
  return *Reference::Parse(text);
}

class RegistryClientTest : public ::testing::Test {
 protected:
  RegistryClient& Client() {
    if (client_ == nullptr) {
      options_.deadline = clock_.Now() + absl::Hours(1);
      client_ = *MakeRegistryClient(options_, servers_, credentials_, clock_,
                                    [] { return 0.0; });
    }
    return *client_;
  }

  absl::Status Fetch(const std::string& bytes, const std::string& digest) {
    const ManifestBlob blob = {
        .digest = digest, .size_bytes = static_cast<int64_t>(bytes.size())};
    return Client().FetchBlob(Image("r.example/app:1"), blob,
                              [&](absl::string_view piece) {
                                absl::StrAppend(&received_, piece);
                                return absl::OkStatus();
                              });
  }

  FakeClock clock_;
  FakeServers servers_;
  FakeCredentials credentials_;
  RegistryOptions options_ = {};
  std::string received_ = "";
  std::unique_ptr<RegistryClient> client_;
};

constexpr char kManifest[] =
    R"({"config":{"digest":"sha256:cc","size":7},"layers":[]})";

}  // namespace prepull

#endif  // PREPULL_TEST_REGISTRY_REGISTRY_CLIENT_FIXTURE_H_
