// What the services ask containerd, and what they make of the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/runtime/containerd_services_fixture.h"

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

TEST_F(ContainerdServicesTest, SendsTheNamespaceWithEveryCall) {
  (void)leases().Probe({});
  (void)CreateLease({.id = "a"});
  (void)FindLeases("abc");
  (void)LeaseResources();
  (void)AddLeaseResource({"b", "content"});
  (void)DeleteLease();
  (void)DropDownload("c");  // two calls
  (void)ListDownloads();
  (void)FindBlobs();
  (void)FindBlob(DigestOf('a'));
  (void)ReadBlob();
  (void)records().Pinned({});
  (void)records().Pin("quay.io/team/app:1", "abc", {});

  EXPECT_THAT(namespaces_.values(), AllOf(SizeIs(15), Each("k8s.io")));
}

TEST_F(ContainerdServicesTest, SendsTheLeaseWithAPullThatHasOne) {
  EXPECT_TRUE(Pull({.image = "app", .lease_id = "prepull-1"}).ok());
  EXPECT_TRUE(Pull({.image = "app"}).ok());

  EXPECT_THAT(cri_.seen.values(), ElementsAre("prepull-1", ""));
}

TEST_F(ContainerdServicesTest, CreatesALeaseWithItsLabels) {
  const absl::Status status =
      CreateLease({.id = "prepull-1",
                   .list = "abc",
                   .expires = absl::FromUnixSeconds(1'767'322'800)});

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(leases_.created.id(), "prepull-1");
  EXPECT_EQ(leases_.created.labels().at("prepull/list"), "abc");
  EXPECT_EQ(leases_.created.labels().at("containerd.io/gc.expire"),
            "2026-01-02T03:00:00Z");
}

TEST_F(ContainerdServicesTest, TakesALeaseThatIsThereForCreated) {
  leases_.create_answer = {grpc::StatusCode::ALREADY_EXISTS, "exists"};

  EXPECT_TRUE(CreateLease({.id = "a"}).ok());
}

TEST_F(ContainerdServicesTest, TakesALeaseThatIsGoneForDeleted) {
  leases_.delete_answer = NotFound();

  EXPECT_TRUE(DeleteLease().ok());
  EXPECT_TRUE(leases_.deleted.sync());
}

TEST_F(ContainerdServicesTest, AsksForLeasesByAQuotedLabel) {
  leases::Lease& same = *leases_.listed.add_leases();
  same.set_id("same");
  (*same.mutable_labels())["prepull/list"] = "a\"b\\c\n";
  leases_.listed.add_leases()->set_id("other");

  const auto found = FindLeases("a\"b\\c\n");

  EXPECT_THAT(leases_.filters,
              ElementsAre(R"(labels."prepull/list"=="a\"b\\c\x0a")"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(Field(&Lease::id, "same")));
}

TEST_F(ContainerdServicesTest, GivesALeaseWhatAnotherHeld) {
  EXPECT_TRUE(AddLeaseResource({"layer-x", "ingests"}).ok());

  const auto resources = LeaseResources();

  ASSERT_TRUE(resources.ok());
  EXPECT_THAT(*resources,
              ElementsAre(AllOf(Field(&LeaseResource::id, "layer-x"),
                                Field(&LeaseResource::type, "ingests"))));
}

TEST_F(ContainerdServicesTest, ListsDownloadsByDigestAndSkipsTheRest) {
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

TEST_F(ContainerdServicesTest, FindsTheBlobsOfExactlyThisRepository) {
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

TEST_F(ContainerdServicesTest, RefusesAListWithoutEnd) {
  content::ListContentResponse part;
  for (int i = 0; i < 10'001; ++i) {
    part.MergeFrom(BlobFrom(DigestOf('a'), "team/app.x"));
  }
  content_.listed.assign(10, part);

  EXPECT_EQ(FindBlobs().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ContainerdServicesTest, TellsABlobThatIsThereFromOneThatIsNot) {
  const auto there = FindBlob(DigestOf('a'));

  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_EQ(there->size_bytes, 7);
  EXPECT_EQ(there->created_at, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_TRUE(absl::IsNotFound(FindBlob(DigestOf('b')).status()));
}

TEST_F(ContainerdServicesTest, JoinsThePartsOfABlob) {
  content_.blob = {"{\"layers\"", ":", "[]}"};

  EXPECT_EQ(ReadBlob().value(), "{\"layers\":[]}");
}

TEST_F(ContainerdServicesTest, ReadsABlobOfEightMebibytesAndNoMore) {
  content_.blob.assign(8, std::string(1 << 20, 'x'));
  EXPECT_EQ(ReadBlob().value().size(), 8 << 20);

  content_.blob.push_back("y");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadBlob().status()));
}

TEST_F(ContainerdServicesTest, TellsWhatAManifestRefersTo) {
  auto& labels = *content_.info.mutable_labels();
  labels["containerd.io/gc.ref.content.config"] = "cfg";
  labels["containerd.io/gc.ref.content.l.0"] = "layer";
  labels["containerd.io/distribution.source.quay.io"] = "team/app";

  const auto blob = FindBlob(DigestOf('a'));

  ASSERT_TRUE(blob.ok()) << blob.status();
  EXPECT_EQ(blob->config, "cfg");
  EXPECT_THAT(blob->refers_to, UnorderedElementsAre("cfg", "layer"));
}

TEST_F(ContainerdServicesTest, TellsOurPinsFromThoseOfOthers) {
  auto& labels = *images_.record.mutable_labels();
  const auto pinned = [&] { return records().Pinned({}).value(); };
  EXPECT_THAT(pinned(), IsEmpty());

  labels["io.cri-containerd.pinned"] = "unpinned";
  EXPECT_THAT(pinned(), IsEmpty());
  labels["io.cri-containerd.pinned"] = "pinned";
  ASSERT_THAT(pinned(), SizeIs(1));
  EXPECT_EQ(pinned()[0].name, "quay.io/team/app:1");
  EXPECT_TRUE(pinned()[0].is_pinned && !pinned()[0].is_ours);
  labels["prepull/pinned"] = "abc";
  EXPECT_TRUE(pinned()[0].is_pinned && pinned()[0].is_ours);
  EXPECT_EQ(pinned()[0].list, "abc");
  labels.erase("io.cri-containerd.pinned");
  EXPECT_TRUE(!pinned()[0].is_pinned && pinned()[0].is_ours);
  EXPECT_THAT(images_.filters,
              UnorderedElementsAre(R"(labels."io.cri-containerd.pinned")",
                                   R"(labels."prepull/pinned")"));
}

TEST_F(ContainerdServicesTest, SendsTheWholeRecordBackWithItsPin) {
  (*images_.record.mutable_labels())["prepull/pinned"] = "old";

  const absl::Status status = records().Pin("quay.io/team/app:1", "abc", {});

  ASSERT_TRUE(status.ok()) << status;
  ASSERT_THAT(images_.updates, SizeIs(1));
  const images::UpdateImageRequest& update = images_.updates[0];
  EXPECT_EQ(update.image().target().SerializeAsString(),
            images_.record.target().SerializeAsString());
  EXPECT_THAT(update.update_mask().paths(),
              UnorderedElementsAre("labels.io.cri-containerd.pinned",
                                   "labels.prepull/pinned"));
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : update.image().labels()) labels[key] = value;
  EXPECT_THAT(labels, UnorderedElementsAre(
                          Pair("kept", "as it is"), Pair("old", "value"),
                          Pair("io.cri-containerd.pinned", "pinned"),
                          Pair("prepull/pinned", "abc")));
}

TEST_F(ContainerdServicesTest, RemovesBothLabelsOfAPinAndNoOther) {
  auto& before = *images_.record.mutable_labels();
  before["io.cri-containerd.pinned"] = "pinned";
  before["prepull/pinned"] = "abc";

  EXPECT_TRUE(records().Unpin("quay.io/team/app:1", {}).ok());

  ASSERT_THAT(images_.updates, SizeIs(1));
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : images_.updates[0].image().labels()) {
    labels[key] = value;
  }
  EXPECT_THAT(labels, UnorderedElementsAre(Pair("kept", "as it is"),
                                           Pair("old", "value")));
}

// Without a mask containerd would replace the whole record.
TEST_F(ContainerdServicesTest, SendsNoUpdateThatChangesNothing) {
  EXPECT_TRUE(records().Unpin("quay.io/team/app:1", {}).ok());

  EXPECT_THAT(images_.updates, IsEmpty());
}

// containerd 1.7.24 and 2.1.9 die of it.
TEST_F(ContainerdServicesTest, NeverSendsAnUpdateWithoutATarget) {
  images_.record.clear_target();

  const absl::Status status = records().Pin("quay.io/team/app:1", "abc", {});

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(images_.updates, IsEmpty());
}

TEST_F(ContainerdServicesTest, PinsNoRecordThatIsGone) {
  const absl::Status status = records().Pin("gone", "abc", {});

  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(images_.updates, IsEmpty());
}

}  // namespace
}  // namespace prepull
