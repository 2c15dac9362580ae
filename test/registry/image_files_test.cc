#include "prepull/registry/image_files.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/support/status_matchers.h"
#include "test/support/tar_builder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class FakeLayers : public ImageLayers {
 public:
  // The lowest first.
  explicit FakeLayers(std::vector<std::string> blobs)
      : blobs_(std::move(blobs)) {}

  int count() const override { return static_cast<int>(blobs_.size()); }

  absl::Status Read(int layer, ByteSink sink) override {
    reads.push_back(layer);
    const std::string& blob = blobs_[static_cast<size_t>(layer)];
    for (size_t at = 0; at < blob.size(); at += 1000) {
      const absl::Status taken = sink(blob.substr(at, 1000));
      if (!taken.ok()) return taken;
    }
    return layer == broken_layer ? broken : absl::OkStatus();
  }

  absl::Status MayGoOn() const override {
    return pieces_left-- > 0 ? absl::OkStatus() : absl::CancelledError("stop");
  }

  mutable int pieces_left = 1'000'000;
  std::vector<int> reads = {};
  int broken_layer = -1;
  absl::Status broken = absl::DataLossError("wrong digest");

 private:
  const std::vector<std::string> blobs_;
};

class Collected : public FileReceiver {
 public:
  absl::Status Open(const std::string& path) override {
    open_ = &files[path];
    open_->clear();
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    open_->append(bytes.data(), bytes.size());
    return refusal;
  }
  absl::Status Close() override { return absl::OkStatus(); }

  std::map<std::string, std::string> files = {};
  absl::Status refusal = absl::OkStatus();

 private:
  std::string* open_ = nullptr;
};

class ImageFilesTest : public ::testing::Test {
 protected:
  absl::Status Read(FakeLayers& layers, const std::string& path) {
    return ReadImageFiles(layers, path, 1 << 20, found_);
  }

  Collected found_;
};

TEST_F(ImageFilesTest, GivesTheFileAtAPath) {
  FakeLayers layers({TarBuilder()
                         .Folder("etc/")
                         .File("./etc/passwd", "root")
                         .File("etc/passwd-", "old")
                         .Take()});

  ASSERT_THAT(Read(layers, "/etc/passwd"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("etc/passwd", "root")));
}

TEST_F(ImageFilesTest, GivesAllBelowAFolder) {
  FakeLayers layers({TarBuilder()
                         .File("configs/a/catalog.json", "1")
                         .File("configs-old/x", "2")
                         .Take(),
                     TarBuilder().File("configs/b.yaml", "3").Take()});

  ASSERT_THAT(Read(layers, "configs"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("configs/a/catalog.json", "1"),
                                        Pair("configs/b.yaml", "3")));
}

TEST_F(ImageFilesTest, ReadsGzipAndZstd) {
  FakeLayers layers({Gzip(TarBuilder().File("f/a", "1").Take()),
                     Zstd(TarBuilder().File("f/b", "2").Take())});

  ASSERT_THAT(Read(layers, "f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("f/a", "1"), Pair("f/b", "2")));
}

TEST_F(ImageFilesTest, TheHighestLayerWinsAndTheOthersAreNotRead) {
  FakeLayers layers({TarBuilder().File("f", "low").Take(),
                     TarBuilder().File("f", "high").Take(),
                     TarBuilder().File("other", "").Take()});

  ASSERT_THAT(Read(layers, "f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("f", "high")));
  EXPECT_THAT(layers.reads, ElementsAre(2, 1));
}

TEST_F(ImageFilesTest, TheLastOfTwoInOneLayerWins) {
  FakeLayers layers({TarBuilder().File("f", "first").File("f", "2nd").Take()});

  ASSERT_THAT(Read(layers, "f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("f", "2nd")));
}

TEST_F(ImageFilesTest, AWhiteoutHidesWhatIsBelow) {
  FakeLayers layers({TarBuilder()
                         .File("d/gone", "1")
                         .File("d/folder/gone", "2")
                         .File("d/stays", "3")
                         .Take(),
                     TarBuilder()
                         .File("d/.wh.gone", "")
                         .File("d/.wh.folder", "")
                         .File("d/folder/new", "4")
                         .Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files,
              ElementsAre(Pair("d/folder/new", "4"), Pair("d/stays", "3")));
}

TEST_F(ImageFilesTest, AnOpaqueFolderHidesWhatTheLayersBelowHaveInIt) {
  FakeLayers layers(
      {TarBuilder().File("d/old", "1").Take(),
       TarBuilder().File("d/new", "2").File("d/.wh..wh..opq", "").Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("d/new", "2")));
}

TEST_F(ImageFilesTest, AFileInPlaceOfAFolderHidesTheFolder) {
  FakeLayers layers({TarBuilder().File("d/e/old", "1").Take(),
                     TarBuilder().File("d/e", "2").Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("d/e", "2")));
}

TEST_F(ImageFilesTest, FollowsASymbolicLinkToAFile) {
  FakeLayers layers(
      {TarBuilder().File("usr/lib/real", "yes").Take(),
       TarBuilder().SymbolicLink("etc/f", "../usr/lib/real").Take()});

  ASSERT_THAT(Read(layers, "etc/f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("usr/lib/real", "yes")));
}

TEST_F(ImageFilesTest, FollowsASymbolicLinkOnTheWay) {
  FakeLayers layers({TarBuilder()
                         .SymbolicLink("configs", "/srv/catalog")
                         .SymbolicLink("srv", "data/")
                         .File("data/catalog/a/b.json", "yes")
                         .Take()});

  ASSERT_THAT(Read(layers, "configs/a"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("data/catalog/a/b.json", "yes")));
}

TEST_F(ImageFilesTest, ALinkThatLeadsOutOfTheImageStaysInIt) {
  FakeLayers layers({TarBuilder()
                         .SymbolicLink("f", "../../../etc/shadow")
                         .File("etc/shadow", "the image's own")
                         .Take()});

  ASSERT_THAT(Read(layers, "f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("etc/shadow", "the image's own")));
}

TEST_F(ImageFilesTest, AConfigMapsLinksGiveEachFileOnce) {
  FakeLayers layers({TarBuilder()
                         .SymbolicLink("d/f", "..data/f")
                         .SymbolicLink("d/..data", "..2026")
                         .File("d/..2026/f", "once")
                         .Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("d/..2026/f", "once")));
}

TEST_F(ImageFilesTest, FollowsAHardLinkAlsoToANameThatIsGone) {
  FakeLayers layers(
      {TarBuilder().File("real", "yes").HardLink("etc/f", "real").Take(),
       TarBuilder().File(".wh.real", "").Take()});

  ASSERT_THAT(Read(layers, "etc/f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("real", "yes")));
}

TEST_F(ImageFilesTest, LinksInARingLeadNowhere) {
  FakeLayers layers({TarBuilder()
                         .SymbolicLink("a", "b")
                         .SymbolicLink("b", "a")
                         .SymbolicLink("c", "c/c")
                         .Take()});

  EXPECT_THAT(Read(layers, "a"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Read(layers, "c"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ImageFilesTest, TooManyLinksAreRefused) {
  TarBuilder tar;
  for (int i = 0; i < 300; ++i) {
    tar.SymbolicLink(absl::StrCat("d/", i), absl::StrCat("/e/", i));
  }
  FakeLayers layers({tar.Take()});

  EXPECT_THAT(Read(layers, "d"), StatusIs(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("d: more than 256 links")));
}

TEST_F(ImageFilesTest, AMissingFileIsNamed) {
  FakeLayers layers({TarBuilder().Folder("etc").Take()});

  EXPECT_THAT(Read(layers, "/etc/f"),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("/etc/f: there is no such file")));
}

TEST_F(ImageFilesTest, AnEntryThatClimbsOutIsNotThere) {
  FakeLayers layers({TarBuilder().File("d/../../f", "evil").Take()});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(found_.files, IsEmpty());
}

TEST_F(ImageFilesTest, AFileOverTheLimitIsRefused) {
  FakeLayers layers(
      {Gzip(TarBuilder().File("f", std::string(2 << 20, 'x')).Take())});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("f: larger than 1.0MB")));
}

TEST_F(ImageFilesTest, ALayerWithAWrongDigestSpoilsWhatWasReceived) {
  FakeLayers layers({TarBuilder().File("f", "looks good").Take()});
  layers.broken_layer = 0;

  EXPECT_THAT(Read(layers, "f"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("wrong digest")));
}

TEST_F(ImageFilesTest, ASourceThatStopsIsNotCalledABrokenArchive) {
  const std::string whole = TarBuilder().File("f", "text").Take();
  FakeLayers layers({whole.substr(0, 100)});
  layers.broken_layer = 0;
  layers.broken = absl::CancelledError("stopped");

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ImageFilesTest, ACutOffArchiveIsABrokenOne) {
  const std::string whole =
      Gzip(TarBuilder().File("f", std::string(5000, 'x')).Take());
  FakeLayers layers({whole.substr(0, whole.size() / 2)});

  EXPECT_THAT(Read(layers, "f"),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("the layer cannot be unpacked")));
}

TEST_F(ImageFilesTest, ALayerThatIsPackedTwiceIsRefused) {
  const std::string tar = TarBuilder().File("f", "text").Take();
  for (const std::string& blob : {Gzip(Gzip(tar)), Gzip(Zstd(tar))}) {
    FakeLayers layers({blob});

    EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kDataLoss,
                                            HasSubstr("more than once")));
  }
}

// libarchive keeps a list of all the holes, of a layer of some kilobytes one of
// gigabytes.
TEST_F(ImageFilesTest, AFileOfTooManyHolesIsRefused) {
  std::string map = "1500000\n";
  for (int i = 0; i < 3'000'000; ++i) map += "0\n";
  TarBuilder tar;
  tar.Attributes(
      "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
      "25 GNU.sparse.realsize=0\n");
  tar.File("a", map);
  FakeLayers layers({Zstd(tar.Take())});

  EXPECT_THAT(Read(layers, "b"),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("an entry has too large a head")));
}

TEST_F(ImageFilesTest, APathThatNoFileSystemTakesIsLeftOut) {
  std::string path = "d";
  while (path.size() <= 4096) path += "/d";
  FakeLayers layers(
      {TarBuilder().File(path, "1").File(path.substr(0, 4095), "2").Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair(path.substr(0, 4095), "2")));
}

// Each of the links to "t" leads each of the others on.
TEST_F(ImageFilesTest, LinksThatMultiplyEnd) {
  TarBuilder tar;
  for (int i = 0; i < 20; ++i) {
    tar.SymbolicLink(absl::StrCat("d/", i), absl::StrCat("/t/", i));
    tar.SymbolicLink("t", absl::StrCat("/u", i));
  }
  FakeLayers layers({tar.Take()});

  EXPECT_THAT(Read(layers, "d"), StatusIs(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("links")));
}

TEST_F(ImageFilesTest, AStopIsHeardBetweenEntries) {
  TarBuilder tar;
  for (int i = 0; i < 100; ++i) tar.File(absl::StrCat("d/", i), "text");
  FakeLayers layers({Gzip(tar.Take())});
  layers.pieces_left = 7;

  EXPECT_THAT(Read(layers, "d"), StatusIs(absl::StatusCode::kCancelled));

  EXPECT_THAT(found_.files, SizeIs(7));
}

TEST_F(ImageFilesTest, AStopAtTheFirstByteIsNoBrokenArchive) {
  FakeLayers layers({TarBuilder().File("f", "text").Take()});
  layers.pieces_left = 0;

  EXPECT_THAT(Read(layers, "f"),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("stop")));
}

TEST_F(ImageFilesTest, AStopIsHeardInsideOfAnEntryThatNobodyWants) {
  FakeLayers layers(
      {Zstd(TarBuilder().File("bomb", std::string(16 << 20, 'x')).Take())});
  layers.pieces_left = 20;

  EXPECT_THAT(Read(layers, "d"),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("stop")));
}

TEST_F(ImageFilesTest, GarbageIsABrokenArchive) {
  FakeLayers layers({std::string(3000, 'g')});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(ImageFilesTest, WhatTheReceiverSaysEndsTheReading) {
  TarBuilder tar;
  tar.File("f", "text");
  for (int i = 0; i < 2000; ++i) tar.File(absl::StrCat(i), "more");
  FakeLayers layers({tar.Take()});
  found_.refusal = absl::InvalidArgumentError("not JSON");

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("f: not JSON")));
}

}  // namespace
}  // namespace prepull
