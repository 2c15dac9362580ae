// Credentials that a test hands out, image by image. Not thread-safe.
#ifndef PREPULL_TEST_SUPPORT_FAKE_CREDENTIALS_H_
#define PREPULL_TEST_SUPPORT_FAKE_CREDENTIALS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "prepull/auth/credential_finder.h"

namespace prepull {

class FakeCredentials : public CredentialFinder {
 public:
  // The users to try for an image, by its text; a test changes them as it
  // likes.
  std::map<std::string, std::vector<std::string>> users;
  // Secrets that cannot be used, with why.
  std::map<std::string, absl::Status> broken_secrets;
  // Why there may be more than `users`; empty if these are all.
  std::string unread;
  // Which source has none.
  std::string empty;
  // The users that were reported as refused, in this order.
  std::vector<std::string> refused;
  // Called before each Find is answered.
  std::function<void()> on_find = [] {};
  int asked = 0;
  std::string last_secret;
  // Whether Find answers; else it waits for Answer().
  bool answers = true;

  void Find(const Reference& image, const std::string& secret,
            Done done) override {
    ++asked;
    last_secret = secret;
    if (!answers) {
      waiting_.push_back(std::move(done));
      return;
    }
    on_find();
    const auto broken = broken_secrets.find(secret);
    if (broken != broken_secrets.end()) {
      done(broken->second);
      return;
    }
    std::vector<Credential> credentials;
    for (const std::string& user : users[image.text()]) {
      credentials.push_back(
          {.username = user, .password = "hidden", .source = user + ".json"});
    }
    done(CredentialsToTry{
        .credentials = credentials, .unread = unread, .empty = empty});
  }

  void Refused(const Reference&, const Credential& credential) override {
    refused.push_back(credential.username);
  }

  std::vector<std::string> Sources() override { return {}; }

 private:
  std::vector<Done> waiting_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_FAKE_CREDENTIALS_H_
