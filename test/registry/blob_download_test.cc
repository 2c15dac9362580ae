#include "src/registry/blob_download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/registry/digester.h"
#include "test/registry/registry_client_fixture.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using BlobDownloadTest = RegistryClientTest;

TEST_F(BlobDownloadTest, ABlobsDigestIsNoPath) {
  EXPECT_THAT(Fetch("bytes", "sha256:../../other/blobs/x"),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(servers_.calls, IsEmpty());
}

TEST_F(BlobDownloadTest, AWrongByteIsNoContinuation) {
  const std::string digest = DigestOf("0123456789");
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [](const HttpRequest& request) {
        if (Header(request, "Range").empty()) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = "0123"};
        }
        return HttpResponse{.status = 206,
                            .headers = {{"Content-Range", "bytes 5-9/10"}},
                            .body = "56789"};
      };

  EXPECT_THAT(Fetch("0123456789", digest),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("expected bytes from 4")));
}

TEST_F(BlobDownloadTest, AnUnreachableBlobIsTriedNoOftenerThanTheRest) {
  const std::string digest = DigestOf("bytes");
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [](const HttpRequest&) { return absl::UnavailableError("refused"); };

  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kUnavailable, "refused"));

  EXPECT_THAT(servers_.calls, SizeIs(3));
}

TEST_F(BlobDownloadTest, WhatHasComeIsWorthMoreTries) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  const Instant begun = clock_.Now();
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest& request) {
        if (Header(request, "Range").empty()) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        if (clock_.Now() < begun + absl::Seconds(30)) {
          return HttpResponse{.status = 503};
        }
        return HttpResponse{.status = 206,
                            .headers = {{"Content-Range", "bytes 4-9/10"}},
                            .body = bytes.substr(4)};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
}

TEST_F(BlobDownloadTest, ABlobThatBreaksOffIsContinuedAtItsByte) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  std::vector<std::string> ranges;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest& request) {
        const std::string range = Header(request, "Range");
        ranges.push_back(range);
        if (range.empty()) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        return HttpResponse{.status = 206,
                            .headers = {{"Content-Range", "bytes 4-9/10"}},
                            .body = bytes.substr(4)};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
  EXPECT_THAT(ranges, ElementsAre("", "bytes=4-"));
}

TEST_F(BlobDownloadTest, WhereRangesAreIgnoredTheBeginningIsSkipped) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  int asked = 0;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest&) {
        if (++asked == 1) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        return HttpResponse{.status = 200, .body = bytes};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
}

TEST_F(BlobDownloadTest, WhereARangeIsRefusedItBeginsAnew) {
  const std::string bytes = "0123456789";
  const std::string digest = DigestOf(bytes);
  int asked = 0;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest& request) {
        if (++asked == 1) {
          return HttpResponse{.status = 200,
                              .headers = {{"Breaks-Off", "yes"}},
                              .body = bytes.substr(0, 4)};
        }
        if (!Header(request, "Range").empty()) {
          return HttpResponse{.status = 416};
        }
        return HttpResponse{.status = 200, .body = bytes};
      };

  ASSERT_THAT(Fetch(bytes, digest), IsOk());

  EXPECT_EQ(received_, bytes);
  EXPECT_EQ(asked, 3);
}

TEST_F(BlobDownloadTest, ARefusedContinuationSaysWhereItBegan) {
  const std::string digest = DigestOf("0123456789");
  int asked = 0;
  servers_.answers[absl::StrCat("https://r.example/v2/app/blobs/", digest)] =
      [&](const HttpRequest&) {
        if (++asked > 1) return HttpResponse{.status = 416};
        return HttpResponse{
            .status = 200, .headers = {{"Breaks-Off", "yes"}}, .body = "0123"};
      };

  EXPECT_THAT(Fetch("0123456789", digest),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "blob from byte 4: registry responded 416"));
}

TEST_F(BlobDownloadTest, ABlobThatIsSomethingElseIsRefused) {
  const std::string digest = DigestOf("bytes");
  const std::string url =
      absl::StrCat("https://r.example/v2/app/blobs/", digest);
  servers_.Fixed(url, {.status = 200, .body = "bytez"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("digest")));

  servers_.Fixed(url, {.status = 200, .body = "bytes and more"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("larger")));

  servers_.Fixed(url, {.status = 200, .body = "byte"});
  EXPECT_THAT(Fetch("bytes", digest),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4 bytes")));
}

}  // namespace
}  // namespace prepull
