#include "prepull/list/list_hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "prepull/list/list_file.h"

namespace prepull {
namespace {

std::string NormalFormOf(const std::string& text) {
  return NormalisedList(ParseListFile(text, "list"));
}

std::string HashOf(const std::string& text) {
  return ListHash(ParseListFile(text, "list"));
}

TEST(ListHashTest, TheNormalFormHasALineForEachImage) {
  EXPECT_EQ(NormalFormOf("# two\r\n\nbusybox   pin=true secret=a # why\n"
                         "quay.io/a:1 pin=false policy=Always"),
            "docker.io/library/busybox:latest secret=a pin=true\n"
            "quay.io/a:1 policy=Always\n");
}

// `sha256sum images.txt` of the normal form begins with it.
TEST(ListHashTest, IsTheBeginningOfItsSha256) {
  EXPECT_EQ(HashOf("quay.io/a:1\n"), "508b6fb7e42d430b");
  EXPECT_EQ(HashOf(""), "e3b0c44298fc1c14");
}

TEST(ListHashTest, DependsOnWhatIsPulledAndHow) {
  EXPECT_EQ(HashOf("busybox"), HashOf("docker.io/library/busybox:latest # x"));
  EXPECT_NE(HashOf("busybox"), HashOf("busybox:2"));
  EXPECT_NE(HashOf("busybox"), HashOf("busybox pin=true"));
  EXPECT_NE(HashOf("busybox\nquay.io/a:1"), HashOf("quay.io/a:1\nbusybox"));
}

TEST(ListHashTest, TheNormalFormIsItsOwn) {
  for (const std::string& text : std::vector<std::string>{
           "busybox\nquay.io/a:1 pin=true\n",
           "not an image\nquay.io/a:1 policy=Sometimes\nhttps://x:y@z/a\n",
           std::string(5000, 'a'), "quay.io/\xff:1\n"}) {
    const std::vector<ImageRequest> requests = ParseListFile(text, "list");
    const std::vector<ImageRequest> again =
        ParseListFile(NormalisedList(requests), "list");

    EXPECT_EQ(NormalisedList(again), NormalisedList(requests));
    ASSERT_EQ(again.size(), requests.size());
    for (size_t i = 0; i < again.size(); ++i) {
      EXPECT_EQ(again[i].reference.ok(), requests[i].reference.ok())
          << requests[i].image;
    }
  }
}

}  // namespace
}  // namespace prepull
