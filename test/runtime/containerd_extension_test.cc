// The extension against a containerd of our own: real gRPC on a unix socket.
#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "prepull/runtime/cri_client.h"
#include "test/runtime/fake_containerd.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kCallLimit = absl::Seconds(20);
const char kSource[] = "containerd.io/distribution.source.quay.io";

std::string DigestOf(char digit) {
  return absl::StrCat("sha256:", std::string(64, digit));
}

class ContainerdExtensionTest : public ::testing::Test {
 protected:
  ContainerdExtensionTest() {
    images_.record.set_name("quay.io/team/app:1");
    (*images_.record.mutable_labels())["kept"] = "as it is";
    (*images_.record.mutable_labels())["old"] = "value";
    images_.record.mutable_target()->set_media_type("application/vnd.oci");
    images_.record.mutable_target()->set_digest(DigestOf('a'));
    images_.record.mutable_target()->set_size(7);
    content_.info.set_digest(DigestOf('a'));
    content_.info.set_size(7);
    content_.info.mutable_created_at()->set_seconds(1'700'000'000);
    Serve({&leases_, &content_, &images_, &cri_});
  }

  ~ContainerdExtensionTest() override {
    client_.reset();  // a call that lasts would keep the server
    server_->Shutdown();
    unlink(socket_.c_str());
    rmdir(folder_.c_str());
  }

  void Serve(const std::vector<grpc::Service*>& services) {
    client_.reset();
    Restart(services);
    client_ = MakeCriClient(socket_);
  }

  // Calls that are open end; the client stays.
  void Restart(const std::vector<grpc::Service*>& services) {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();  // it takes its socket away
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("unix:", socket_),
                             grpc::InsecureServerCredentials());
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }

  RuntimeExtension& extension() { return *client_->extension(); }

  // What a call that was started by `start` hands to its callback.
  template <typename Value, typename Start>
  absl::StatusOr<Value> Wait(Start start) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Value>>>();
    start([promise](absl::StatusOr<Value> value) {
      promise->set_value(std::move(value));
    });
    return promise->get_future().get();
  }

  template <typename Start>
  absl::Status WaitForEnd(Start start) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    start([promise](const absl::Status& end) { promise->set_value(end); });
    return promise->get_future().get();
  }

  absl::StatusOr<std::vector<OpenDownload>> ListDownloads() {
    return Wait<std::vector<OpenDownload>>(
        [&](auto done) { extension().ListDownloads(kCallLimit, done); });
  }
  absl::StatusOr<std::vector<StoredBlob>> FindBlobs() {
    return Wait<std::vector<StoredBlob>>([&](auto done) {
      extension().FindBlobs("quay.io", "team/app.x", kCallLimit, done);
    });
  }
  absl::StatusOr<StoredBlob> FindBlob(const std::string& digest) {
    return Wait<StoredBlob>(
        [&](auto done) { extension().FindBlob(digest, kCallLimit, done); });
  }
  absl::StatusOr<std::string> ReadBlob() {
    return Wait<std::string>([&](auto done) {
      extension().ReadBlob(DigestOf('a'), kCallLimit, done);
    });
  }
  absl::Status CreateLease(const Lease& lease) {
    return WaitForEnd(
        [&](auto done) { extension().CreateLease(lease, kCallLimit, done); });
  }
  absl::StatusOr<std::vector<Lease>> FindLeases(const std::string& key,
                                                const std::string& value) {
    return Wait<std::vector<Lease>>([&](auto done) {
      extension().FindLeases(key, value, kCallLimit, done);
    });
  }
  absl::StatusOr<std::vector<LeaseResource>> LeaseResources() {
    return Wait<std::vector<LeaseResource>>(
        [&](auto done) { extension().LeaseResources("a", kCallLimit, done); });
  }
  absl::Status AddLeaseResource(const LeaseResource& resource) {
    return WaitForEnd([&](auto done) {
      extension().AddLeaseResource("a", resource, kCallLimit, done);
    });
  }
  absl::Status DeleteLease() {
    return WaitForEnd([&](auto done) {
      extension().DeleteLease("a", /*collect=*/true, kCallLimit, done);
    });
  }
  absl::Status DropDownload(const std::string& ref) {
    return WaitForEnd(
        [&](auto done) { extension().DropDownload(ref, kCallLimit, done); });
  }
  absl::Status Pull(const PullRequest& request) {
    return Wait<std::string>(
               [&](auto done) { client_->StartPull(request, done); })
        .status();
  }

  // A part of Content/List with one blob from these repositories.
  static content::ListContentResponse BlobFrom(
      const std::string& digest, const std::string& repositories) {
    content::ListContentResponse part;
    content::Info& info = *part.add_info();
    info.set_digest(digest);
    (*info.mutable_labels())[kSource] = repositories;
    return part;
  }

  std::string folder_ = [] {
    char name[] = "/tmp/prepull-test-XXXXXX";
    return std::string(mkdtemp(name));
  }();
  const std::string socket_ = folder_ + "/sock";
  SeenMetadata namespaces_{"containerd-namespace"};
  FakeLeases leases_{namespaces_};
  FakeContent content_{namespaces_};
  FakeImages images_{namespaces_};
  FakeCri cri_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ContainerRuntime> client_;
};

TEST_F(ContainerdExtensionTest, SendsTheNamespaceWithEveryCall) {
  (void)extension().Probe({});
  (void)CreateLease({.id = "a"});
  (void)FindLeases("key", "value");
  (void)LeaseResources();
  (void)AddLeaseResource({"b", "content"});
  (void)DeleteLease();
  (void)DropDownload("c");  // two calls
  (void)ListDownloads();
  (void)FindBlobs();
  (void)FindBlob(DigestOf('a'));
  (void)ReadBlob();
  (void)extension().RecordsWithLabel("key", {});
  (void)extension().UpdateRecordLabels("quay.io/team/app:1", {{"a", "b"}}, {},
                                       {});

  EXPECT_THAT(namespaces_.values(), AllOf(SizeIs(15), Each("k8s.io")));
}

TEST_F(ContainerdExtensionTest, SendsTheLeaseWithAPullThatHasOne) {
  EXPECT_TRUE(Pull({.image = "app", .lease_id = "prepull-1"}).ok());
  EXPECT_TRUE(Pull({.image = "app"}).ok());

  EXPECT_THAT(cri_.seen.values(), ElementsAre("prepull-1", ""));
}

TEST_F(ContainerdExtensionTest, CreatesALeaseWithItsLabels) {
  const absl::Status status =
      CreateLease({.id = "prepull-1", .labels = {{"prepull/list", "abc"}}});

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(leases_.created.id(), "prepull-1");
  EXPECT_EQ(leases_.created.labels().at("prepull/list"), "abc");
}

TEST_F(ContainerdExtensionTest, TakesALeaseThatIsThereForCreated) {
  leases_.create_answer = {grpc::StatusCode::ALREADY_EXISTS, "exists"};

  EXPECT_TRUE(CreateLease({.id = "a"}).ok());
}

TEST_F(ContainerdExtensionTest, TakesALeaseThatIsGoneForDeleted) {
  leases_.delete_answer = NotFound();

  EXPECT_TRUE(DeleteLease().ok());
  EXPECT_TRUE(leases_.deleted.sync());
}

TEST_F(ContainerdExtensionTest, AsksForLeasesByAQuotedLabel) {
  leases::Lease& same = *leases_.listed.add_leases();
  same.set_id("same");
  (*same.mutable_labels())["prepull/list"] = "a\"b\\c\n";
  leases_.listed.add_leases()->set_id("other");

  const auto found = FindLeases("prepull/list", "a\"b\\c\n");

  EXPECT_THAT(leases_.filters,
              ElementsAre(R"(labels."prepull/list"=="a\"b\\c\x0a")"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(Field(&Lease::id, "same")));
}

TEST_F(ContainerdExtensionTest, GivesALeaseWhatAnotherHeld) {
  EXPECT_TRUE(AddLeaseResource({"layer-x", "ingests"}).ok());

  const auto resources = LeaseResources();

  ASSERT_TRUE(resources.ok());
  EXPECT_THAT(*resources,
              ElementsAre(AllOf(Field(&LeaseResource::id, "layer-x"),
                                Field(&LeaseResource::type, "ingests"))));
}

TEST_F(ContainerdExtensionTest, ListsDownloadsByDigestAndSkipsTheRest) {
  for (const std::string& ref :
       {"layer-" + DigestOf('1'), "manifest-" + DigestOf('2'),
        std::string("upload-42"), DigestOf('3'), std::string("layer-sha256:1"),
        "layer-sha256:" + std::string(64, 'z'), std::string()}) {
    content::Status& status = *content_.statuses.add_statuses();
    status.set_ref(ref);
    status.set_offset(5);
  }

  const auto downloads = ListDownloads();

  ASSERT_TRUE(downloads.ok()) << downloads.status();
  EXPECT_THAT(*downloads,
              ElementsAre(Field(&OpenDownload::digest, DigestOf('1')),
                          Field(&OpenDownload::digest, DigestOf('2'))));
  EXPECT_EQ(downloads->front().offset_bytes, 5);
  EXPECT_EQ(downloads->front().ref, "layer-" + DigestOf('1'));
}

TEST_F(ContainerdExtensionTest, FindsTheBlobsOfExactlyThisRepository) {
  content_.listed = {BlobFrom("first", "team/app.x"),
                     BlobFrom("longer", "team/app.x-2"),
                     BlobFrom("dot", "team/app1x"),
                     BlobFrom("second", "a/b,team/app.x,z"),
                     {}};

  const auto blobs = FindBlobs();

  EXPECT_THAT(content_.filters,
              ElementsAre(absl::StrCat("labels.\"", kSource,
                                       R"f("~="(^|,)team/app\\.x(,|$)")f")));
  ASSERT_TRUE(blobs.ok()) << blobs.status();
  EXPECT_THAT(*blobs, ElementsAre(Field(&StoredBlob::digest, "first"),
                                  Field(&StoredBlob::digest, "second")));
}

TEST_F(ContainerdExtensionTest, RefusesAListWithoutEnd) {
  content::ListContentResponse part;
  for (int i = 0; i < 10'001; ++i) {
    part.MergeFrom(BlobFrom(DigestOf('a'), "team/app.x"));
  }
  content_.listed.assign(10, part);

  EXPECT_EQ(FindBlobs().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ContainerdExtensionTest, TellsABlobThatIsThereFromOneThatIsNot) {
  const auto there = FindBlob(DigestOf('a'));

  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_EQ(there->size_bytes, 7);
  EXPECT_EQ(there->created_at, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_TRUE(absl::IsNotFound(FindBlob(DigestOf('b')).status()));
}

TEST_F(ContainerdExtensionTest, JoinsThePartsOfABlob) {
  content_.blob = {"{\"layers\"", ":", "[]}"};

  EXPECT_EQ(ReadBlob().value(), "{\"layers\":[]}");
}

TEST_F(ContainerdExtensionTest, ReadsABlobOfEightMebibytesAndNoMore) {
  content_.blob.assign(8, std::string(1 << 20, 'x'));
  EXPECT_EQ(ReadBlob().value().size(), 8 << 20);

  content_.blob.push_back("y");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadBlob().status()));
}

TEST_F(ContainerdExtensionTest, AsksForRecordsByTheirLabel) {
  const auto with = extension().RecordsWithLabel("old", {});
  const auto without = extension().RecordsWithLabel("prepull/pin", {});

  EXPECT_THAT(images_.filters, ElementsAre(R"(labels."prepull/pin")"));
  ASSERT_TRUE(with.ok() && without.ok());
  EXPECT_THAT(*with,
              ElementsAre(Field(&ImageRecord::name, "quay.io/team/app:1")));
  EXPECT_THAT(*without, IsEmpty());
}

TEST_F(ContainerdExtensionTest, SendsTheWholeRecordBackWithItsChangedLabels) {
  const absl::Status status = extension().UpdateRecordLabels(
      "quay.io/team/app:1", {{"new", "yes"}, {"kept", "as it is"}},
      {"old", "never there"}, {});

  ASSERT_TRUE(status.ok()) << status;
  ASSERT_THAT(images_.updates, SizeIs(1));
  const images::UpdateImageRequest& update = images_.updates[0];
  EXPECT_EQ(update.image().target().SerializeAsString(),
            images_.record.target().SerializeAsString());
  EXPECT_THAT(update.update_mask().paths(),
              UnorderedElementsAre("labels.new", "labels.old"));
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : update.image().labels()) labels[key] = value;
  EXPECT_THAT(labels, UnorderedElementsAre(Pair("kept", "as it is"),
                                           Pair("new", "yes")));
}

// Without a mask containerd would replace the whole record.
TEST_F(ContainerdExtensionTest, SendsNoUpdateThatChangesNothing) {
  const absl::Status status = extension().UpdateRecordLabels(
      "quay.io/team/app:1", {{"old", "value"}}, {"never there"}, {});

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(images_.updates, IsEmpty());
}

// containerd 1.7.24 and 2.1.9 die of it.
TEST_F(ContainerdExtensionTest, NeverSendsAnUpdateWithoutATarget) {
  images_.record.clear_target();

  const absl::Status status = extension().UpdateRecordLabels(
      "quay.io/team/app:1", {{"new", "yes"}}, {}, {});

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(images_.updates, IsEmpty());
}

TEST_F(ContainerdExtensionTest, UpdatesNoRecordThatIsGone) {
  const absl::Status status =
      extension().UpdateRecordLabels("gone", {{"new", "yes"}}, {}, {});

  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(images_.updates, IsEmpty());
}

TEST_F(ContainerdExtensionTest, EndsAHeldListByCancel) {
  std::promise<void> release;
  content_.held = release.get_future();
  content_.listed = {BlobFrom("first", "team/app.x")};
  std::unique_ptr<RunningCall> call;

  const auto blobs = Wait<std::vector<StoredBlob>>([&](auto done) {
    call = extension().FindBlobs("quay.io", "team/app.x", kCallLimit, done);
    call->Cancel();
  });
  release.set_value();

  EXPECT_TRUE(absl::IsCancelled(blobs.status())) << blobs.status();
}

TEST_F(ContainerdExtensionTest, AClientThatGoesEndsItsCallsFirst) {
  std::promise<void> release;
  content_.held = release.get_future();
  std::vector<absl::Status> ends;
  for (int i = 0; i < 3; ++i) {
    extension().FindBlobs(
        "quay.io", "team/app", kCallLimit,
        [&](const auto& blobs) { ends.push_back(blobs.status()); });
  }

  client_.reset();
  release.set_value();

  EXPECT_THAT(ends, SizeIs(3));
  EXPECT_THAT(ends, Each(testing::ResultOf(absl::IsCancelled, true)));
}

TEST_F(ContainerdExtensionTest, EndsAtItsTimeoutAndItsStop) {
  std::promise<void> release;
  leases_.held = release.get_future();
  std::stop_source stopped;
  stopped.request_stop();

  const absl::Status late =
      extension().Probe({.timeout = absl::Milliseconds(20)});
  const absl::Status stop = extension().Probe({.stop = stopped.get_token()});
  release.set_value();

  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_TRUE(absl::IsCancelled(stop)) << stop;
}

TEST_F(ContainerdExtensionTest, EndsACallWithoutAnAnswerAtItsTimeout) {
  std::promise<void> release;
  content_.held = release.get_future();

  const auto blobs = Wait<std::vector<StoredBlob>>([&](auto done) {
    extension().FindBlobs("quay.io", "team/app.x", absl::Milliseconds(20),
                          done);
  });
  release.set_value();

  EXPECT_TRUE(absl::IsDeadlineExceeded(blobs.status())) << blobs.status();
}

TEST_F(ContainerdExtensionTest, DropsADownloadUnderItsLock) {
  EXPECT_TRUE(DropDownload("layer-x").ok());

  EXPECT_THAT(content_.writes.aborted(), ElementsAre("layer-x (locked)"));
  EXPECT_THAT(content_.writes.leases(), ElementsAre(""));
}

TEST_F(ContainerdExtensionTest, LeavesADownloadThatSomebodyWrites) {
  content_.writes.Lock("layer-x");

  const absl::Status dropped = DropDownload("layer-x");

  EXPECT_TRUE(absl::IsUnavailable(dropped)) << dropped;
  EXPECT_THAT(content_.writes.aborted(), IsEmpty());
}

TEST_F(ContainerdExtensionTest, TakesADownloadThatIsGoneForDropped) {
  content_.abort_answer = NotFound();

  EXPECT_TRUE(DropDownload("layer-x").ok());
}

TEST_F(ContainerdExtensionTest, HoldsADownloadUntilItIsCancelled) {
  const std::unique_ptr<RunningCall> hold =
      extension().HoldDownload("prepull-1", "lease-1");
  content_.writes.WaitForLocks(1);

  const absl::Status held = DropDownload("prepull-1");
  hold->Cancel();
  content_.writes.WaitForLocks(0);

  EXPECT_TRUE(absl::IsUnavailable(held)) << held;
  EXPECT_THAT(content_.writes.leases(), ElementsAre("lease-1", ""));
  EXPECT_TRUE(DropDownload("prepull-1").ok());
}

TEST_F(ContainerdExtensionTest, HoldsADownloadAgainWhenTheRuntimeIsBack) {
  extension().HoldDownload("prepull-1", "lease-1");
  content_.writes.WaitForLocks(1);

  Restart({&leases_, &content_, &images_, &cri_});
  content_.writes.WaitForLocks(1);

  EXPECT_TRUE(absl::IsUnavailable(DropDownload("prepull-1")));
}

TEST_F(ContainerdExtensionTest, PassesOnThatARuntimeHasNoneOfIt) {
  Serve({&cri_});

  EXPECT_TRUE(absl::IsUnimplemented(extension().Probe({})));
  EXPECT_TRUE(absl::IsUnimplemented(CreateLease({.id = "a"})));
  EXPECT_TRUE(absl::IsUnimplemented(ListDownloads().status()));
  EXPECT_TRUE(absl::IsUnimplemented(FindBlobs().status()));
  EXPECT_TRUE(absl::IsUnimplemented(ReadBlob().status()));
  EXPECT_TRUE(Pull({.image = "app", .lease_id = "ignored"}).ok());
}

TEST_F(ContainerdExtensionTest, PassesOnThatNobodyIsAtTheSocket) {
  server_->Shutdown();

  EXPECT_TRUE(absl::IsUnavailable(extension().Probe({})));
  EXPECT_TRUE(absl::IsUnavailable(FindBlobs().status()));
  EXPECT_TRUE(absl::IsUnavailable(ListDownloads().status()));
}

}  // namespace
}  // namespace prepull
