#include "prepull/base/mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointee;
using ::testing::SizeIs;

TEST(MailboxTest, HandsOverTheOldestLetterFirst) {
  Mailbox<std::string> mailbox;
  mailbox.Post("first");
  mailbox.Post("second");

  EXPECT_THAT(mailbox.Take(), ElementsAre("first", "second"));
}

TEST(MailboxTest, HandsOverEachLetterOnce) {
  Mailbox<std::string> mailbox;
  mailbox.Post("only");
  mailbox.Take();

  EXPECT_THAT(mailbox.Take(), IsEmpty());
}

TEST(MailboxTest, WakesItsOwnerAtEachPost) {
  Mailbox<int> mailbox;
  mailbox.Post(1);

  EXPECT_TRUE(mailbox.wakeup().Clear());
}

TEST(MailboxTest, TakesLettersThatCannotBeCopied) {
  Mailbox<std::unique_ptr<int>> mailbox;
  mailbox.Post(std::make_unique<int>(7));

  EXPECT_THAT(mailbox.Take(), ElementsAre(Pointee(7)));
}

TEST(MailboxTest, LosesNothingThatManyThreadsPost) {
  constexpr int kEach = 1000;
  Mailbox<int> mailbox;
  const auto post = [&mailbox] {
    for (int i = 0; i < kEach; ++i) mailbox.Post(i);
  };

  std::vector<int> taken;
  std::jthread first(post);
  std::jthread second(post);
  while (taken.size() < 2 * kEach) {
    ASSERT_TRUE(mailbox.wakeup().WaitFor(absl::Seconds(20)));
    for (const int letter : mailbox.Take()) taken.push_back(letter);
  }

  EXPECT_THAT(taken, SizeIs(2 * kEach));
}

}  // namespace
}  // namespace prepull
