// How the services' calls end, and what holds a download's lock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/runtime/containerd_services_fixture.h"

namespace prepull {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ContainerdServicesTest, EndsAHeldListByCancel) {
  std::promise<void> release;
  content_.held = release.get_future();
  content_.listed = {BlobFrom("first", "team/app.x")};
  std::unique_ptr<RunningCall> call;

  const auto blobs = Wait<std::vector<StoredBlob>>([&](auto done) {
    call = downloads().FindBlobs(Image(), kCallLimit, done);
    call->Cancel();
  });
  release.set_value();

  EXPECT_TRUE(absl::IsCancelled(blobs.status())) << blobs.status();
}

TEST_F(ContainerdServicesTest, AClientThatGoesEndsItsCallsFirst) {
  std::promise<void> release;
  content_.held = release.get_future();
  std::vector<absl::Status> ends;
  for (int i = 0; i < 3; ++i) {
    downloads().FindBlobs(Image(), kCallLimit, [&](const auto& blobs) {
      ends.push_back(blobs.status());
    });
  }

  client_.reset();
  release.set_value();

  EXPECT_THAT(ends, SizeIs(3));
  EXPECT_THAT(ends, Each(testing::ResultOf(absl::IsCancelled, true)));
}

TEST_F(ContainerdServicesTest, EndsAtItsTimeoutAndItsStop) {
  std::promise<void> release;
  leases_.held = release.get_future();
  std::stop_source stopped;
  stopped.request_stop();

  const absl::Status late = leases().Probe({.timeout = absl::Milliseconds(20)});
  const absl::Status stop = leases().Probe({.stop = stopped.get_token()});
  release.set_value();

  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_TRUE(absl::IsCancelled(stop)) << stop;
}

TEST_F(ContainerdServicesTest, EndsACallWithoutAnAnswerAtItsTimeout) {
  std::promise<void> release;
  content_.held = release.get_future();

  const auto blobs = Wait<std::vector<StoredBlob>>([&](auto done) {
    downloads().FindBlobs(Image(), absl::Milliseconds(20), done);
  });
  release.set_value();

  EXPECT_TRUE(absl::IsDeadlineExceeded(blobs.status())) << blobs.status();
}

TEST_F(ContainerdServicesTest, DropsADownloadUnderItsLock) {
  EXPECT_TRUE(DropDownload("layer-x").ok());

  EXPECT_THAT(content_.writes.aborted(), ElementsAre("layer-x (locked)"));
  EXPECT_THAT(content_.writes.leases(), ElementsAre(""));
}

TEST_F(ContainerdServicesTest, LeavesADownloadThatSomebodyWrites) {
  content_.writes.Lock("layer-x");

  const absl::Status dropped = DropDownload("layer-x");

  EXPECT_TRUE(absl::IsUnavailable(dropped)) << dropped;
  EXPECT_THAT(content_.writes.aborted(), IsEmpty());
}

TEST_F(ContainerdServicesTest, TakesADownloadThatIsGoneForDropped) {
  content_.abort_answer = NotFound();

  EXPECT_TRUE(DropDownload("layer-x").ok());
}

TEST_F(ContainerdServicesTest, HoldsADownloadUntilItIsCancelled) {
  const std::unique_ptr<RunningCall> hold =
      downloads().Hold("prepull-1", "lease-1");
  content_.writes.WaitForLocks(1);

  const absl::Status held = DropDownload("prepull-1");
  hold->Cancel();
  content_.writes.WaitForLocks(0);

  EXPECT_TRUE(absl::IsUnavailable(held)) << held;
  EXPECT_THAT(content_.writes.leases(), ElementsAre("lease-1", ""));
  EXPECT_TRUE(DropDownload("prepull-1").ok());
}

TEST_F(ContainerdServicesTest, HoldsADownloadAgainWhenTheRuntimeIsBack) {
  downloads().Hold("prepull-1", "lease-1");
  content_.writes.WaitForLocks(1);

  Restart({&leases_, &content_, &images_, &cri_});
  content_.writes.WaitForLocks(1);

  EXPECT_TRUE(absl::IsUnavailable(DropDownload("prepull-1")));
}

TEST_F(ContainerdServicesTest, PassesOnThatARuntimeHasNoneOfIt) {
  Serve({&cri_});

  EXPECT_TRUE(absl::IsUnimplemented(leases().Probe({})));
  EXPECT_TRUE(absl::IsUnimplemented(CreateLease({.id = "a"})));
  EXPECT_TRUE(absl::IsUnimplemented(ListDownloads().status()));
  EXPECT_TRUE(absl::IsUnimplemented(FindBlobs().status()));
  EXPECT_TRUE(absl::IsUnimplemented(ReadBlob().status()));
  EXPECT_TRUE(Pull({.image = "app", .lease_id = "ignored"}).ok());
}

TEST_F(ContainerdServicesTest, AreThoseOfContainerdOnly) {
  version_.name = "cri-o";
  Serve({&cri_});

  EXPECT_EQ(client_->leases(), nullptr);
  EXPECT_EQ(client_->downloads(), nullptr);
  EXPECT_EQ(client_->image_records(), nullptr);
}

TEST_F(ContainerdServicesTest, PassesOnThatNobodyIsAtTheSocket) {
  server_->Shutdown();

  EXPECT_TRUE(absl::IsUnavailable(leases().Probe({})));
  EXPECT_TRUE(absl::IsUnavailable(FindBlobs().status()));
  EXPECT_TRUE(absl::IsUnavailable(ListDownloads().status()));
}

}  // namespace
}  // namespace prepull
