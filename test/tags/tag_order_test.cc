#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/tags/tag_ranking.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Text = std::vector<std::string>;

// A word of few letters, so that equal and almost equal ones come up.
std::string RandomWord(std::mt19937& dice) {
  constexpr absl::string_view kLetters = "0019aZ-~";
  std::string word(dice() % 5, ' ');
  for (char& letter : word) letter = kLetters[dice() % kLetters.size()];
  return word;
}

Text RandomWords(std::mt19937& dice) {
  Text words(dice() % 4);
  for (std::string& word : words) word = RandomWord(dice);
  return words;
}

bool IsLess(const Text& a, const Text& b) { return CompareWords(a, b) < 0; }

bool AreEqual(const Text& a, const Text& b) { return CompareWords(a, b) == 0; }

// The words of `tag` stand between its dots; behind a '/' those of the variant.
RankedTag Ranked(absl::string_view tag) {
  RankedTag ranked = {.tag = tag};
  const absl::string_view build = tag.substr(0, tag.find('/'));
  for (size_t begin = 0; begin <= build.size();) {
    const size_t end = std::min(build.find('.', begin), build.size());
    ranked.rank.push_back(build.substr(begin, end - begin));
    begin = end + 1;
  }
  if (build != tag) ranked.variant = {tag.substr(build.size() + 1)};
  return ranked;
}

std::vector<absl::string_view> NewestOf(
    const std::vector<absl::string_view>& tags, size_t most,
    Variants variants = Variants::kOne) {
  std::vector<RankedTag> ranked;
  for (const absl::string_view tag : tags) ranked.push_back(Ranked(tag));
  return Newest(std::move(ranked), most, variants);
}

TEST(TagOrderTest, OrdersWords) {
  // Each is below the next.
  const Text words = {"",
                      "0",
                      "9",
                      "10",
                      "99999999999999999999",
                      "99999999999999999999999999999999999999999",
                      "-1",
                      "10a",
                      "9a",
                      "RC",
                      "rc",
                      "rc10",
                      "rc2",
                      "rc2-",
                      "~"};

  for (size_t i = 0; i < words.size(); ++i) {
    for (size_t j = 0; j < words.size(); ++j) {
      const int order = CompareWord(words[i], words[j]);
      EXPECT_EQ(order < 0, i < j) << words[i] << " " << words[j];
      EXPECT_EQ(order == 0, i == j) << words[i] << " " << words[j];
    }
  }
}

TEST(TagOrderTest, TakesLeadingZerosForNothing) {
  EXPECT_EQ(CompareWord("022", "22"), 0);
  EXPECT_EQ(CompareWord("000", "0"), 0);
  EXPECT_LT(CompareWord("00009", "10"), 0);
}

TEST(TagOrderTest, PutsTheLongerListHigher) {
  EXPECT_LT(CompareWords(Text{"1"}, Text{"1", ""}), 0);
  EXPECT_LT(CompareWords(Text{"1", "9"}, Text{"2"}), 0);
  EXPECT_EQ(CompareWords(Text{}, Text{}), 0);
}

TEST(TagOrderTest, LooksAtTheFirstWordsOnly) {
  EXPECT_EQ(CompareWords(Text{"1", "2", "3"}, Text{"1", "2"}, 2), 0);
  EXPECT_LT(CompareWords(Text{"1"}, Text{"1", "2"}, 2), 0);
  EXPECT_EQ(CompareWords(Text{"1"}, Text{"2"}, 0), 0);
}

// Of random triples: irreflexive, asymmetric, and both "less" and "equal"
// transitive.
TEST(TagOrderTest, IsAStrictWeakOrder) {
  std::mt19937 dice(6);
  for (int round = 0; round < 200000; ++round) {
    const Text a = RandomWords(dice);
    const Text b = RandomWords(dice);
    const Text c = RandomWords(dice);

    ASSERT_FALSE(IsLess(a, a)) << ::testing::PrintToString(a);
    ASSERT_FALSE(IsLess(a, b) && IsLess(b, a))
        << ::testing::PrintToString(std::pair(a, b));
    ASSERT_TRUE(!(IsLess(a, b) && IsLess(b, c)) || IsLess(a, c))
        << ::testing::PrintToString(std::tuple(a, b, c));
    ASSERT_TRUE(!(AreEqual(a, b) && AreEqual(b, c)) || AreEqual(a, c))
        << ::testing::PrintToString(std::tuple(a, b, c));
    ASSERT_EQ(AreEqual(a, b), !IsLess(a, b) && !IsLess(b, a))
        << ::testing::PrintToString(std::pair(a, b));
  }
}

TEST(NewestTest, TakesTheHighestFirst) {
  EXPECT_THAT(NewestOf({"1.9", "1.10", "2.0", "0.1"}, 3),
              ElementsAre("2.0", "1.10", "1.9"));
  EXPECT_THAT(NewestOf({"1"}, 3), ElementsAre("1"));
  EXPECT_THAT(NewestOf({}, 3), IsEmpty());
}

TEST(NewestTest, TakesOneOfEqualTags) {
  EXPECT_THAT(NewestOf({"1/a", "1/b", "01/a", "2"}, 2),
              ElementsAre("2", "1/b"));
  EXPECT_THAT(NewestOf({"01", "1"}, 2), ElementsAre("1"));
}

TEST(NewestTest, TakesAllOfEqualTagsTheLastInTheAlphabetFirst) {
  EXPECT_THAT(NewestOf({"1/a", "1/b", "01/z", "2"}, 9, Variants::kAll),
              ElementsAre("2", "1/b", "1/a", "01/z"));
}

TEST(NewestTest, TakesATagOnce) {
  EXPECT_THAT(NewestOf({"1", "2", "1"}, 9, Variants::kAll),
              ElementsAre("2", "1"));
}

TEST(NewestTest, IsTheSameWhateverTheOrder) {
  std::mt19937 dice(6);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(absl::StrCat(RandomWord(dice), ".", RandomWord(dice), "/",
                                 RandomWord(dice)));
  }
  std::vector<absl::string_view> tags(texts.begin(), texts.end());
  for (const Variants variants : {Variants::kOne, Variants::kAll}) {
    const auto expected = NewestOf(tags, 100, variants);
    for (int round = 0; round < 20; ++round) {
      std::shuffle(tags.begin(), tags.end(), dice);

      ASSERT_EQ(NewestOf(tags, 100, variants), expected);
    }
    EXPECT_THAT(expected, SizeIs(100));
  }
}

}  // namespace
}  // namespace prepull
