// A finder over files in memory and plugins that a test plays.
#ifndef PREPULL_TEST_AUTH_CREDENTIAL_FINDER_FIXTURE_H_
#define PREPULL_TEST_AUTH_CREDENTIAL_FINDER_FIXTURE_H_

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/auth/credential_finder.h"
#include "prepull/base/log.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {

// A docker config with one account, whose password is never to be seen.
inline std::string ConfigOf(const std::string& key, const std::string& user) {
  return absl::StrCat(R"({"auths":{")", key, R"(":{"username":")", user,
                      R"(","password":"hidden"}}})");
}

inline std::string Providers(const std::vector<std::string>& names) {
  std::string text =
      "apiVersion: kubelet.config.k8s.io/v1\n"
      "kind: CredentialProviderConfig\nproviders:\n";
  for (const std::string& name : names) {
    absl::StrAppend(&text, "- name: ", name,
                    "\n  matchImages: [a.io]\n  defaultCacheDuration: 0s\n"
                    "  apiVersion: credentialprovider.kubelet.k8s.io/v1\n");
  }
  return text;
}

class CredentialFinderTest : public ::testing::Test {
 protected:
  CredentialFinderTest() {
    StartLog(
        {.format = LogFormat::kText,
         .write = [this](absl::string_view line) { log_.emplace_back(line); }});
  }
  ~CredentialFinderTest() override {
    finder_.reset();
    StartLog({.write = [](absl::string_view) {}});
  }

  void Put(const std::string& path, const std::string& text) {
    ASSERT_THAT(files_.WriteFileAtomically(path, text), IsOk());
  }

  absl::Status Make(CredentialOptions options) {
    auto made = MakeCredentialFinder(std::move(options), files_, host_, clock_);
    if (!made.ok()) return made.status();
    finder_ = *std::move(made);
    return absl::OkStatus();
  }

  std::future<absl::StatusOr<CredentialsToTry>> FindLater(
      const std::string& image, const std::string& secret = "") {
    auto found =
        std::make_shared<std::promise<absl::StatusOr<CredentialsToTry>>>();
    finder_->Find(Reference::Parse(image).value(), secret,
                  [found](auto credentials) {
                    found->set_value(std::move(credentials));
                  });
    return found->get_future();
  }

  // The users that are found, with where they are from.
  absl::StatusOr<std::vector<std::string>> Find(
      const std::string& image, const std::string& secret = "") {
    const auto found = FindLater(image, secret).get();
    if (!found.ok()) return found.status();
    std::vector<std::string> shown;
    for (const Credential& credential : found->credentials) {
      shown.push_back(
          absl::StrCat(credential.username, " of ", credential.source));
    }
    return shown;
  }

  // Why there may be more than what is found for a.io/x.
  std::string Unread() { return FindLater("a.io/x").get().value().unread; }

  // Every plugin answers with an account of its own name.
  void AnswerWithNames() {
    host_.child = [](const ChildCommand& command, Instant,
                     const std::stop_token&) {
      return ChildOutput{absl::StrCat(
          R"({"kind":"CredentialProviderResponse","cacheKeyType":"Image",)",
          R"("apiVersion":"credentialprovider.kubelet.k8s.io/v1",)",
          R"("auth":{"a.io":{"username":")", command.program, "\"}}}")};
    };
  }

  FakeFileSystem files_;
  FakeHost host_;
  FakeClock clock_;
  std::vector<std::string> log_;
  std::unique_ptr<CredentialFinder> finder_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_AUTH_CREDENTIAL_FINDER_FIXTURE_H_
