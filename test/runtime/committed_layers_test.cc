#include "prepull/runtime/committed_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "prepull/base/log.h"
#include "prepull/base/mailbox.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kLongWait = absl::Seconds(20);

std::string Hex64(char digit) {
  return absl::StrCat("sha256:", std::string(64, digit));
}

class CommittedLayersTest : public ::testing::Test {
 protected:
  CommittedLayersTest() { fs::create_directories(root_.Path("store")); }

  void MakeStore() { fs::create_directory(root_.Path("store/overlay-layers")); }

  // Replaces the file as CRI-O does.
  void Replace(const std::string& text) {
    fs::rename(root_.Write("store/overlay-layers/.tmp-layers.json1", text),
               root_.Path("store/overlay-layers/layers.json"));
  }

  static std::string ListOf(const std::vector<char>& layers) {
    std::vector<std::string> texts;
    for (const char layer : layers) {
      texts.push_back(absl::StrCat(R"({"id":"aa","compressed-diff-digest":")",
                                   Hex64(layer), "\"}"));
    }
    return absl::StrCat("[", absl::StrJoin(texts, ","), "]");
  }

  absl::StatusOr<std::unique_ptr<CommittedLayers>> Open(
      const std::string& images = "/store/overlay-images") {
    return OpenCommittedLayers(files_, root_.path(), images);
  }

  // Waits for what is told next.
  CommittedLayers::Layers Next() {
    std::vector<CommittedLayers::Layers> told = told_.Take();
    while (told.empty()) {
      if (!told_.wakeup().WaitFor(kLongWait)) return nullptr;
      told = told_.Take();
    }
    times_told_ += told.size();
    return told.back();
  }

  void Follow(CommittedLayers& layers) {
    layers.Follow(
        [this](CommittedLayers::Layers now) { told_.Post(std::move(now)); });
  }

  const TempFolder root_;
  SystemFileSystem files_;
  Mailbox<CommittedLayers::Layers> told_;
  size_t times_told_ = 0;
};

TEST_F(CommittedLayersTest, KnowsWhatTheStoreHas) {
  MakeStore();
  Replace(ListOf({'1', '2'}));

  const auto layers = Open();

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT((*layers)->Now()->digests,
              UnorderedElementsAre(Hex64('1'), Hex64('2')));
}

TEST_F(CommittedLayersTest, TellsWhatIsCommittedLater) {
  MakeStore();
  const auto layers = Open();
  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT((*layers)->Now()->digests, IsEmpty());
  Follow(**layers);

  Replace(ListOf({'1'}));
  const auto first = Next();
  Replace(ListOf({'1', '2'}));
  const auto second = Next();

  ASSERT_NE(first, nullptr);
  EXPECT_THAT(first->digests, UnorderedElementsAre(Hex64('1')));
  ASSERT_NE(second, nullptr);
  EXPECT_THAT(second->digests, UnorderedElementsAre(Hex64('1'), Hex64('2')));
}

TEST_F(CommittedLayersTest, DoesNotTellOfTheSameAgain) {
  MakeStore();
  Replace(ListOf({'1'}));
  const auto layers = Open();
  ASSERT_THAT(layers, IsOk());
  Follow(**layers);

  Replace(absl::StrCat(ListOf({'1'}), "\n"));
  Replace(ListOf({'2'}));

  const auto next = Next();
  ASSERT_NE(next, nullptr);
  EXPECT_THAT(next->digests, UnorderedElementsAre(Hex64('2')));
  EXPECT_EQ(times_told_, 1u);
}

TEST_F(CommittedLayersTest, AStoreThatIsNotInSightIsNotFound) {
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(FindCommittedLayers(files_, root_.path(), "/store/overlay-images"),
            nullptr);
}

TEST_F(CommittedLayersTest, OtherRuntimesHaveNone) {
  EXPECT_THAT(Open("/var/lib/containerd"),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Open("store/overlay-images"),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Open(""), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(CommittedLayersTest, ReadsNothingOutsideOfTheHostsRoot) {
  const TempFolder outside;
  outside.Write("layers.json", ListOf({'1'}));
  MakeStore();
  fs::create_symlink(outside.Path("layers.json"),
                     root_.Path("store/overlay-layers/layers.json"));

  // The link leads to nothing below the root.
  const auto layers = Open();

  ASSERT_THAT(layers, IsOk());
  EXPECT_THAT((*layers)->Now()->digests, IsEmpty());
}

TEST_F(CommittedLayersTest, RefusesWhatIsNoFile) {
  MakeStore();
  fs::create_directory(root_.Path("store/overlay-layers/layers.json"));

  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(CommittedLayersTest, RefusesMoreThanItsLimit) {
  MakeStore();
  root_.Write("store/overlay-layers/layers.json", "[");
  fs::resize_file(root_.Path("store/overlay-layers/layers.json"),
                  (64 << 20) + 1);

  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CommittedLayersTest, WarnsOnceOfAFileThatBreaksAndKnowsNothingNew) {
  std::vector<std::string> lines;
  Wakeup logged;
  StartLog({.level = LogLevel::kWarn, .write = [&](absl::string_view line) {
              lines.emplace_back(line);
              logged.Notify();
            }});
  {
    MakeStore();
    Replace(ListOf({'1'}));
    const auto layers = Open();
    ASSERT_THAT(layers, IsOk());
    Follow(**layers);

    Replace("<html>");
    ASSERT_TRUE(logged.WaitFor(kLongWait));
    Replace("<body>");
    Replace(ListOf({'2'}));
    EXPECT_THAT((*layers)->Now()->digests, UnorderedElementsAre(Hex64('1')));
  }
  StartLog({.level = LogLevel::kError, .write = [](absl::string_view) {}});

  EXPECT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines, Contains(HasSubstr("layers.json: invalid JSON")));
  EXPECT_THAT(told_.Take(), IsEmpty());
}

}  // namespace
}  // namespace prepull
