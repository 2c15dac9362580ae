#include "prepull/registry/image_files.h"

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
using ::testing::Pair;

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

TEST_F(ImageFilesTest, AFolderInPlaceOfAFileOrLinkHidesIt) {
  FakeLayers layers(
      {TarBuilder()
           .SymbolicLink("d", "old")
           .File("old/f", "old")
           .File("d2", "old")
           .Take(),
       TarBuilder().Folder("d").File("d/g", "new").Folder("d2").Take()});

  EXPECT_THAT(Read(layers, "d"), IsOk());
  EXPECT_THAT(found_.files, ElementsAre(Pair("d/g", "new")));
  EXPECT_THAT(Read(layers, "d2"), StatusIs(absl::StatusCode::kNotFound));
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

TEST_F(ImageFilesTest, FollowsAHardLinkToAFileOfALayerBelow) {
  FakeLayers layers({TarBuilder().File("real", "old").Take(),
                     TarBuilder().File("real", "yes").Take(),
                     TarBuilder().HardLink("etc/f", "real").Take(),
                     TarBuilder().File("other", "no").Take()});

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
                       HasSubstr("/etc/f: no such file in the image")));
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

// libarchive keeps a list of all the holes, of a layer of some kilobytes one of

// gigabytes.

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
