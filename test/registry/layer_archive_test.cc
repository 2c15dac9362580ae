#include "src/registry/layer_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/registry/image_files_fixture.h"
#include "test/support/status_matchers.h"
#include "test/support/tar_builder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

using LayerArchiveTest = ImageFilesTest;

TEST_F(LayerArchiveTest, ReadsGzipAndZstd) {
  FakeLayers layers({Gzip(TarBuilder().File("f/a", "1").Take()),
                     Zstd(TarBuilder().File("f/b", "2").Take())});

  ASSERT_THAT(Read(layers, "f"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair("f/a", "1"), Pair("f/b", "2")));
}

TEST_F(LayerArchiveTest, AnEntryThatClimbsOutIsNotThere) {
  FakeLayers layers({TarBuilder().File("d/../../f", "evil").Take()});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(found_.files, IsEmpty());
}

TEST_F(LayerArchiveTest, ASourceThatStopsIsNotCalledABrokenArchive) {
  const std::string whole = TarBuilder().File("f", "text").Take();
  FakeLayers layers({whole.substr(0, 100)});
  layers.broken_layer = 0;
  layers.broken = absl::CancelledError("stopped");

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(LayerArchiveTest, ACutOffArchiveIsABrokenOne) {
  const std::string whole =
      Gzip(TarBuilder().File("f", std::string(5000, 'x')).Take());
  FakeLayers layers({whole.substr(0, whole.size() / 2)});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kDataLoss,
                                          HasSubstr("unpack layer: ")));
}

TEST_F(LayerArchiveTest, ALayerThatIsPackedTwiceIsRefused) {
  const std::string tar = TarBuilder().File("f", "text").Take();
  for (const std::string& blob : {Gzip(Gzip(tar)), Gzip(Zstd(tar))}) {
    FakeLayers layers({blob});

    EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kDataLoss,
                                            HasSubstr("more than once")));
  }
}

TEST_F(LayerArchiveTest, AFileOfTooManyHolesIsRefused) {
  std::string map = "1500000\n";
  for (int i = 0; i < 3'000'000; ++i) map += "0\n";
  TarBuilder tar;
  tar.Attributes(
      "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
      "25 GNU.sparse.realsize=0\n");
  tar.File("a", map);
  FakeLayers layers({Zstd(tar.Take())});

  EXPECT_THAT(Read(layers, "b"), StatusIs(absl::StatusCode::kDataLoss,
                                          HasSubstr("entry header too large")));
}

TEST_F(LayerArchiveTest, APathThatNoFileSystemTakesIsLeftOut) {
  std::string path = "d";
  while (path.size() <= 4096) path += "/d";
  FakeLayers layers(
      {TarBuilder().File(path, "1").File(path.substr(0, 4095), "2").Take()});

  ASSERT_THAT(Read(layers, "d"), IsOk());

  EXPECT_THAT(found_.files, ElementsAre(Pair(path.substr(0, 4095), "2")));
}

TEST_F(LayerArchiveTest, AStopIsHeardBetweenEntries) {
  TarBuilder tar;
  for (int i = 0; i < 100; ++i) tar.File(absl::StrCat("d/", i), "text");
  FakeLayers layers({Gzip(tar.Take())});
  layers.pieces_left = 7;

  EXPECT_THAT(Read(layers, "d"), StatusIs(absl::StatusCode::kCancelled));

  EXPECT_THAT(found_.files, SizeIs(7));
}

TEST_F(LayerArchiveTest, AStopAtTheFirstByteIsNoBrokenArchive) {
  FakeLayers layers({TarBuilder().File("f", "text").Take()});
  layers.pieces_left = 0;

  EXPECT_THAT(Read(layers, "f"),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("stop")));
}

TEST_F(LayerArchiveTest, AStopIsHeardInsideOfAnEntryThatNobodyWants) {
  FakeLayers layers(
      {Zstd(TarBuilder().File("bomb", std::string(16 << 20, 'x')).Take())});
  layers.pieces_left = 20;

  EXPECT_THAT(Read(layers, "d"),
              StatusIs(absl::StatusCode::kCancelled, HasSubstr("stop")));
}

TEST_F(LayerArchiveTest, GarbageIsABrokenArchive) {
  FakeLayers layers({std::string(3000, 'g')});

  EXPECT_THAT(Read(layers, "f"), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace prepull
