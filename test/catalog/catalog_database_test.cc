#include "src/catalog/catalog_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/temporary_file.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;

// The columns of opm's tables that concern us, and some that do not.
constexpr char kTables[] = R"(
CREATE TABLE package (name TEXT PRIMARY KEY, default_channel TEXT, add_mode INTEGER);
CREATE TABLE channel (name TEXT, package_name TEXT, head_operatorbundle_name TEXT);
CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, csv TEXT, bundle TEXT,
  bundlepath TEXT, skiprange TEXT, version TEXT, replaces TEXT, skips TEXT,
  substitutesfor TEXT);
CREATE TABLE channel_entry (entry_id INTEGER PRIMARY KEY, channel_name TEXT,
  package_name TEXT, operatorbundle_name TEXT, replaces INTEGER, depth INTEGER);
CREATE TABLE related_image (image TEXT, operatorbundle_name TEXT);
)";

constexpr char kRows[] = R"(
INSERT INTO package VALUES ('op','stable',NULL),('other','x',NULL);
INSERT INTO channel VALUES ('stable','op','op.v2'),('empty','op',NULL);
INSERT INTO operatorbundle VALUES
  ('op.v1',NULL,NULL,'quay.io/b:1',NULL,'1.0.0',NULL,NULL,NULL),
  ('op.v1-bad',NULL,NULL,'quay.io/b:1bad',NULL,'1.0.1',NULL,NULL,NULL),
  ('op.v2',hex(zeroblob(1500000)),NULL,'quay.io/b:2',NULL,'2.0.0','op.v1','op.v1-bad',NULL);
INSERT INTO channel_entry VALUES
  (1,'stable','op','op.v1',NULL,3),(2,'stable','op','op.v1-bad',NULL,2),
  (3,'stable','op','op.v2',1,0),(4,'stable','op','op.v2',2,1);
INSERT INTO related_image VALUES ('quay.io/a:2','op.v2'),('quay.io/a:1','op.v1');
)";

class CatalogDatabaseTest : public ::testing::Test {
 protected:
  CatalogDatabaseTest() : file_(*TemporaryFile::Create({testing::TempDir()})) {}

  void Run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.path().c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error),
              SQLITE_OK)
        << error;
    sqlite3_close(database);
  }

  absl::StatusOr<std::vector<CatalogImage>> Choose(
      const std::string& word, const std::string& versions) {
    wanted_ = {*ParsePackage(word, "test")};
    Catalog catalog(wanted_);
    const absl::Status read = ReadCatalogDatabase(
        file_.path(), wanted_, [this] { file_.Unlink(); },
        [this] { return may_go_on_; }, catalog);
    if (!read.ok()) return read;
    return catalog.Choose(*CatalogVersions::Parse(versions));
  }

  TemporaryFile file_;
  absl::Status may_go_on_ = absl::OkStatus();
  std::vector<PackageRequest> wanted_;
};

TEST_F(CatalogDatabaseTest, TheHeadOfAChannelAndWhatItNeeds) {
  Run(kTables);
  Run(kRows);

  const auto images = Choose("op", "head");

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:2", "op.v2"),
                                   FieldsAre("quay.io/a:2", "op.v2")));
}

TEST_F(CatalogDatabaseTest, VersionsBetweenTwo) {
  Run(kTables);
  Run(kRows);

  const auto images = Choose("op", "1.0.0..1.0.0");

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images, ElementsAre(FieldsAre("quay.io/b:1", "op.v1"),
                                   FieldsAre("quay.io/a:1", "op.v1")));
}

TEST_F(CatalogDatabaseTest, AnEmptyChannelIsThereButHasNoHead) {
  Run(kTables);
  Run(kRows);

  EXPECT_THAT(Choose("op:empty", "head"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("package op: empty: channel is empty")));
}

TEST_F(CatalogDatabaseTest, WhatIsNoDatabaseIsSaid) {
  ASSERT_THAT(file_.Append(std::string(5000, 'x')), IsOk());

  EXPECT_THAT(Choose("op", "head"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("not a catalogue database")));
}

TEST_F(CatalogDatabaseTest, AnotherDatabaseIsSaidToBeOne) {
  Run("CREATE TABLE t (x)");

  EXPECT_THAT(Choose("op", "head"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("no such table: package")));
}

TEST_F(CatalogDatabaseTest, AStopIsHeardWithinALongQuery) {
  Run(kTables);
  Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "LIMIT 200000) INSERT INTO package SELECT 'p' || i, 'c', NULL FROM n");
  may_go_on_ = absl::CancelledError("stopped");

  EXPECT_THAT(Choose("op", "head"),
              StatusIs(absl::StatusCode::kCancelled, "stopped"));
}

TEST_F(CatalogDatabaseTest, MoreThanMemoryShouldHoldIsRefused) {
  Run(kTables);
  Run(kRows);
  Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "LIMIT 140000) INSERT INTO related_image "
      "SELECT hex(zeroblob(500)) || i, 'op.v1' FROM n");

  EXPECT_THAT(Choose("op", "head"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("catalogue too large: more than 134MB")));
}

TEST_F(CatalogDatabaseTest, AViewInPlaceOfATableDoesNotRun) {
  Run("CREATE VIEW package AS WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT i AS name, i AS default_channel FROM n");

  EXPECT_THAT(Choose("op", "head"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("not a catalogue database")));
}

}  // namespace
}  // namespace prepull
