#include "prepull/registry/manifest_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "prepull/base/mutex.h"
#include "test/support/certificates.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_host.h"
#include "test/support/http_server.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::SizeIs;

constexpr char kAnyDigest[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

HttpReply Manifest() {
  return Answer("200 OK",
                absl::StrCat(R"({"schemaVersion":2,"config":{"digest":")",
                             kAnyDigest, R"(","size":1},"layers":[{"digest":")",
                             kAnyDigest, R"(","size":7}]})"),
                "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n");
}

class ManifestReaderTest : public testing::Test {
 protected:
  using Found = absl::StatusOr<ImageManifest>;

  ManifestReaderTest() {
    EXPECT_THAT(
        files_.WriteFileAtomically(RegistryOptions().ca_file, authority_.pem()),
        IsOk());
  }

  void Read(const std::vector<std::string>& repositories) {
    std::vector<Reference> images;
    for (const std::string& repository : repositories) {
      images.push_back(*Reference::Parse(
          absl::StrCat("127.0.0.1:", server_.port(), "/", repository, ":1")));
    }
    auto opened = OpenManifestReader({}, {}, {host_, files_, clock_});
    ASSERT_TRUE(opened.ok()) << opened.status();
    reader_ = *std::move(opened);
    left_ = images.size();
    reader_->Read(std::move(images), [this](size_t i, const Found& found) {
      MutexLock lock(mutex_);
      found_.emplace(i, found);
      if (--left_ == 0) all_found_.Notify();
    });
  }

  std::map<size_t, Found> WaitForAll() {
    EXPECT_TRUE(all_found_.WaitFor(absl::Minutes(1)));
    MutexLock lock(mutex_);
    return found_;
  }

  CertificateAuthority authority_;
  HttpServer server_{authority_.Sign("IP:127.0.0.1")};
  FakeHost host_;
  FakeFileSystem files_;
  SystemClock clock_;
  Mutex mutex_;
  std::map<size_t, Found> found_;
  size_t left_ = 0;
  Wakeup all_found_;
  std::unique_ptr<ManifestReader> reader_;
};

TEST_F(ManifestReaderTest, ReadsTheLayersOfEachImage) {
  server_.Script({Manifest()});

  Read({"a", "b"});

  const std::map<size_t, Found> found = WaitForAll();
  ASSERT_THAT(found, SizeIs(2));
  for (const auto& [i, manifest] : found) {
    ASSERT_TRUE(manifest.ok()) << manifest.status();
    ASSERT_THAT(manifest->layers, SizeIs(1));
    EXPECT_EQ(manifest->layers[0].size_bytes, 7);
  }
}

TEST_F(ManifestReaderTest, TellsOfEachImageThatCannotBeRead) {
  server_.Script({Answer("404 Not Found")});

  Read({"a", "b", "c"});

  for (const auto& [i, manifest] : WaitForAll()) {
    EXPECT_TRUE(absl::IsNotFound(manifest.status())) << manifest.status();
  }
}

TEST_F(ManifestReaderTest, GivesUpARegistryThatDoesNotRespond) {
  server_.Script({{.then = HttpReply::Then::kCut}});

  Read(std::vector<std::string>(40, "a"));

  int not_asked = 0;
  for (const auto& [i, manifest] : WaitForAll()) {
    EXPECT_TRUE(absl::IsUnavailable(manifest.status())) << manifest.status();
    not_asked += absl::StrContains(manifest.status().message(),
                                   "given up after earlier requests");
  }
  // Three have to fail in a row, and six are asked for at once.
  EXPECT_GE(not_asked, 40 - 3 - 6);
}

TEST_F(ManifestReaderTest, LeavesWhatARateLimitAllowsToThePulls) {
  server_.Script({Answer("429 Too Many Requests")});

  Read(std::vector<std::string>(40, "a"));

  WaitForAll();
  const std::vector<std::string> requests = server_.requests();
  const auto for_manifests =
      std::count_if(requests.begin(), requests.end(), [](const auto& request) {
        return absl::StrContains(request, "/manifests/");
      });
  EXPECT_GE(for_manifests, 1);
  EXPECT_LE(for_manifests, 6);  // those that ran at the same time
}

// Other images of a registry may be served by its mirrors.
TEST_F(ManifestReaderTest, GoesOnAfterOneThatWasNotAnswered) {
  server_.Script({{.then = HttpReply::Then::kCut},
                  {.then = HttpReply::Then::kCut},
                  Manifest()});

  Read(std::vector<std::string>(10, "a"));

  int found = 0;
  for (const auto& [i, manifest] : WaitForAll()) found += manifest.ok();
  EXPECT_GE(found, 7);
}

TEST_F(ManifestReaderTest, EndsAtOnceWhileARegistryIsSilent) {
  server_.Script({{.then = HttpReply::Then::kHang}});
  Read({"a"});
  ASSERT_TRUE(server_.WaitUntilConnected(1));
  const Instant stopped = clock_.Now();

  reader_.reset();

  EXPECT_LT(clock_.Now() - stopped, absl::Seconds(2));
}

}  // namespace
}  // namespace prepull
