#include "prepull/metrics/result_store.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prepull/base/log.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Served(const ResultStore& store) {
  std::string json;
  uint64_t from = 0;
  bool is_first = true;
  while (true) {
    const std::string slice = store.Slice(from, store.end(), is_first);
    if (slice.empty()) return json;
    json += slice;
  }
}

std::vector<std::string> Split(const std::string& text, const std::string& by) {
  return absl::StrSplit(text, by);
}

class ResultStoreTest : public testing::Test {
 protected:
  ResultStoreTest() {
    StartLog({.write = [this](absl::string_view line) {
      MutexLock lock(mutex_);
      absl::StrAppend(&log_, line, "\n");
    }});
  }
  ~ResultStoreTest() override { StartLog({}); }

  std::string path() const { return folder_.Path("results"); }
  std::string log() {
    MutexLock lock(mutex_);
    return log_;
  }

  TempFolder folder_;
  Mutex mutex_;
  std::string log_;
};

TEST_F(ResultStoreTest, DropsWhatItKnows) {
  ResultStore store;

  EXPECT_TRUE(store.Add({.attempt_id = "a", .image = "first"}));
  EXPECT_TRUE(store.Add({.attempt_id = "b"}));
  EXPECT_FALSE(store.Add({.attempt_id = "a", .image = "second"}));

  EXPECT_EQ(Served(store),
            R"({"attempt_id":"a","image":"first"},{"attempt_id":"b"})");
}

TEST_F(ResultStoreTest, HasTheNewest) {
  ResultStore store({.results = 2});
  for (const char* id : {"a", "b", "c", "d"}) store.Add({.attempt_id = id});

  EXPECT_EQ(Served(store), R"({"attempt_id":"c"},{"attempt_id":"d"})");
  EXPECT_TRUE(store.Add({.attempt_id = "a"}));
  EXPECT_THAT(Split(log(), "oldest are not served"), SizeIs(2));
}

TEST_F(ResultStoreTest, IsBoundedInBytes) {
  ResultStore store({.bytes = 10'000});
  for (int i = 0; i < 100; ++i) {
    store.Add({.attempt_id = absl::StrCat(i), .error = std::string(1000, 'e')});
  }

  const std::vector<std::string> left = Split(Served(store), "},{");
  EXPECT_THAT(left, SizeIs(8));
  EXPECT_THAT(left.back(), HasSubstr("\"99\""));
}

TEST_F(ResultStoreTest, GoesOnWithASliceWhoseResultsAreGone) {
  ResultStore store({.results = 2});
  store.Add({.attempt_id = "a"});
  store.Add({.attempt_id = "b"});
  uint64_t from = 0;
  bool is_first = true;
  const uint64_t end = store.end();

  for (const char* id : {"c", "d", "e"}) store.Add({.attempt_id = id});

  EXPECT_EQ(store.Slice(from, end, is_first), "");
}

TEST_F(ResultStoreTest, KnowsAllAfterARestart) {
  {
    ResultStore store;
    ASSERT_THAT(store.KeepIn(path()), IsOk());
    store.Add({.attempt_id = "a"});
    store.Save();
    store.Add({.attempt_id = "b"});
    store.Save();
    store.Add({.attempt_id = "not saved"});
  }

  ResultStore store;
  ASSERT_THAT(store.KeepIn(path()), IsOk());

  EXPECT_EQ(Served(store), R"({"attempt_id":"a"},{"attempt_id":"b"})");
  EXPECT_FALSE(store.Add({.attempt_id = "a"}));
  store.Add({.attempt_id = "c"});
  store.Save();
  EXPECT_EQ(ReadAll(path()),
            "{\"attempt_id\":\"a\"}\n{\"attempt_id\":\"b\"}\n"
            "{\"attempt_id\":\"c\"}\n");
}

TEST_F(ResultStoreTest, ReadsTheNewestOfAFileThatIsTooLong) {
  folder_.Write("results",
                "{\"attempt_id\":\"a\"}\n{\"attempt_id\":\"b\"}\n"
                "{\"attempt_id\":\"c\"}\n");
  ResultStore store({.results = 2});
  ASSERT_THAT(store.KeepIn(path()), IsOk());

  EXPECT_EQ(Served(store), R"({"attempt_id":"b"},{"attempt_id":"c"})");
  store.Save();
  EXPECT_THAT(Split(ReadAll(path()), "\n"), SizeIs(4));
}

TEST_F(ResultStoreTest, SaysWhatItCouldNotRead) {
  folder_.Write("results",
                "{\"attempt_id\":\"a\"}\n\xff\xfe\n{\"attempt_id\":7}\n"
                "{\"attempt_id\":\"b\"}\n{\"attem");
  ResultStore store;
  ASSERT_THAT(store.KeepIn(path()), IsOk());

  EXPECT_EQ(Served(store), R"({"attempt_id":"a"},{"attempt_id":"b"})");
  EXPECT_THAT(log(), HasSubstr("torn line, which is cut off"));
  EXPECT_THAT(log(), HasSubstr("bytes=7"));
  EXPECT_THAT(log(), HasSubstr("lines that are no results"));
  EXPECT_THAT(log(), HasSubstr("lines=2"));
}

TEST_F(ResultStoreTest, SavesWhatManyThreadsAdd) {
  {
    ResultStore store;
    ASSERT_THAT(store.KeepIn(path()), IsOk());
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&store, thread] {
        for (int i = 0; i < 50; ++i) {
          store.Add({.attempt_id = absl::StrCat(thread, "-", i)});
          store.Save();
        }
      });
    }
  }

  ResultStore store;
  ASSERT_THAT(store.KeepIn(path()), IsOk());
  EXPECT_EQ(store.end(), 400);
}

}  // namespace
}  // namespace prepull
