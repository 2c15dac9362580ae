// What the extension asks containerd, and what it makes of the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/runtime/containerd_extension_fixture.h"

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

}  // namespace
}  // namespace prepull
