#include "prepull/progress/blob_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kNow = Instant(absl::Hours(1));
const BlobLedger::Digests kBlobsOfA = {"a"};
const BlobLedger::Digests kBoth = {"a", "b"};

Instant After(double seconds) { return kNow + absl::Seconds(seconds); }

class BlobLedgerTest : public testing::Test {
 protected:
  BlobLedger ledger_;
};

TEST_F(BlobLedgerTest, KnowsWhatIsListedOfEachBlob) {
  ledger_.Observe({});
  ledger_.Add({{"a", 100}, {"b", 50}});

  ledger_.Observe({{"a", 30}, {"b", 20}, {"foreign", 1000}});

  EXPECT_EQ(ledger_.BytesDone(kBlobsOfA), 30);
  EXPECT_EQ(ledger_.BytesTotal(kBlobsOfA), 100);
  EXPECT_EQ(ledger_.bytes_done(), 50);
  EXPECT_EQ(ledger_.bytes_total(), 150);
}

TEST_F(BlobLedgerTest, KnowsWhatWasListedBeforeTheBlobWasEntered) {
  ledger_.Observe({});
  ledger_.Observe({{"a", 30}});

  ledger_.Add({{"a", 100}});

  EXPECT_EQ(ledger_.bytes_done(), 30);
  EXPECT_THAT(ledger_.NextToAsk(kNow, kBlobsOfA), IsEmpty());
}

TEST_F(BlobLedgerTest, EntersASharedBlobOnce) {
  ledger_.Add({{"a", 100}, {"b", 50}});
  ledger_.OnWhole("a", false);

  ledger_.Add({{"a", 100}, {"c", 7}});

  EXPECT_EQ(ledger_.bytes_total(), 157);
  EXPECT_EQ(ledger_.bytes_done(), 100);
  EXPECT_EQ(ledger_.BytesDone({"a", "c"}), 100);
}

TEST_F(BlobLedgerTest, CountsNoMoreThanTheSizeOfABlob) {
  ledger_.Add({{"a", 100}});

  ledger_.Observe({{"a", 500}});
  EXPECT_EQ(ledger_.bytes_done(), 100);
  ledger_.Observe({{"a", -5}});
  EXPECT_EQ(ledger_.bytes_done(), 0);
}

TEST_F(BlobLedgerTest, TakesWhatTheFirstListShowsForTheWorkOfOthers) {
  ledger_.Observe({{"a", 30}});
  ledger_.Observe({{"a", 40}, {"b", 20}});
  ledger_.Add({{"a", 100}, {"b", 50}});

  EXPECT_EQ(ledger_.BytesBefore(kBoth), 30);
  ledger_.OnWhole("a", false);
  EXPECT_EQ(ledger_.BytesBefore(kBoth), 30);
  ledger_.OnWhole("b", true);
  EXPECT_EQ(ledger_.BytesBefore(kBoth), 80);
}

TEST_F(BlobLedgerTest, AsksForWhatIsNeitherOpenNorWhole) {
  ledger_.Add({{"a", 100}, {"b", 50}, {"c", 7}});
  ledger_.Observe({{"b", 20}});
  ledger_.OnWhole("c", false);

  EXPECT_THAT(ledger_.NextToAsk(kNow, {"a", "b", "c", "unknown"}),
              ElementsAre("a"));
}

TEST_F(BlobLedgerTest, AsksOnceAtATime) {
  ledger_.Add({{"a", 100}});
  ledger_.NextToAsk(kNow, kBlobsOfA);

  EXPECT_THAT(ledger_.NextToAsk(After(60), kBlobsOfA), IsEmpty());
}

TEST_F(BlobLedgerTest, AsksAgainForAMissingBlobAfterFiveSeconds) {
  ledger_.Add({{"a", 100}});
  ledger_.NextToAsk(kNow, kBlobsOfA);
  ledger_.OnMissing(kNow, "a");

  EXPECT_THAT(ledger_.NextToAsk(After(4.9), kBlobsOfA), IsEmpty());
  EXPECT_THAT(ledger_.NextToAsk(After(5), kBlobsOfA), ElementsAre("a"));
}

TEST_F(BlobLedgerTest, AsksAtOnceForWhatHasLeftTheList) {
  ledger_.Add({{"a", 100}});
  ledger_.NextToAsk(kNow, kBlobsOfA);
  ledger_.OnMissing(kNow, "a");
  ledger_.Observe({{"a", 90}});

  ledger_.Observe({});

  EXPECT_EQ(ledger_.bytes_done(), 90);
  EXPECT_THAT(ledger_.NextToAsk(After(1), kBlobsOfA), ElementsAre("a"));
}

TEST_F(BlobLedgerTest, CountsNothingOfAMissingBlob) {
  ledger_.Add({{"a", 100}});
  ledger_.Observe({{"a", 90}});
  ledger_.Observe({});
  ledger_.NextToAsk(kNow, kBlobsOfA);

  ledger_.OnMissing(kNow, "a");

  EXPECT_EQ(ledger_.bytes_done(), 0);
}

TEST_F(BlobLedgerTest, AnAnswerThatIsOlderThanTheListSaysNothing) {
  ledger_.Add({{"a", 100}});
  ledger_.NextToAsk(kNow, kBlobsOfA);
  ledger_.Observe({{"a", 90}});

  ledger_.OnMissing(kNow, "a");
  EXPECT_EQ(ledger_.bytes_done(), 90);

  ledger_.OnWhole("a", false);
  ledger_.OnMissing(kNow, "a");
  EXPECT_EQ(ledger_.bytes_done(), 100);
}

TEST_F(BlobLedgerTest, NoAnswerLeavesTheCountAsItIs) {
  ledger_.Add({{"a", 100}});
  ledger_.Observe({{"a", 90}});
  ledger_.Observe({});
  ledger_.NextToAsk(kNow, kBlobsOfA);

  ledger_.OnNoAnswer(kNow, "a");

  EXPECT_EQ(ledger_.bytes_done(), 90);
  EXPECT_THAT(ledger_.NextToAsk(After(5), kBlobsOfA), ElementsAre("a"));
}

TEST_F(BlobLedgerTest, AWholeBlobStaysWhole) {
  ledger_.Add({{"a", 100}});
  ledger_.OnWhole("a", false);

  ledger_.Observe({{"a", 10}});
  ledger_.Observe({});

  EXPECT_EQ(ledger_.bytes_done(), 100);
  EXPECT_TRUE(ledger_.AllWhole(kBlobsOfA));
  EXPECT_THAT(ledger_.NextToAsk(After(60), kBlobsOfA), IsEmpty());
}

TEST_F(BlobLedgerTest, AnImageIsWholeWhenAllItsBlobsAre) {
  ledger_.Add({{"a", 100}, {"b", 50}});
  ledger_.OnWhole("a", false);
  EXPECT_TRUE(ledger_.AllWhole(kBlobsOfA));
  EXPECT_FALSE(ledger_.AllWhole(kBoth));

  ledger_.OnPulled(kBoth);

  EXPECT_TRUE(ledger_.AllWhole(kBoth));
  EXPECT_EQ(ledger_.bytes_done(), ledger_.bytes_total());
}

}  // namespace
}  // namespace prepull
