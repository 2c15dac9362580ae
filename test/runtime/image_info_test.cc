#include "src/runtime/image_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace prepull {
namespace {

std::string NameIn(absl::string_view info) {
  const std::optional<Platform> platform = PlatformOfInfo(info);
  return platform ? PlatformName(*platform) : "unknown";
}

// As containerd 1.6.20, 1.7.24 and 2.1.9 answer.
TEST(PlatformOfInfoTest, ReadsContainerdsAnswer) {
  EXPECT_EQ(NameIn(R"({"chainID":"sha256:11","imageSpec":{)"
                   R"("architecture":"arm64","os":"linux",)"
                   R"("config":{"Cmd":["/x"]},)"
                   R"("rootfs":{"type":"layers","diff_ids":["sha256:11"]}}})"),
            "linux/arm64");
}

// As CRI-O 1.37 answers.
TEST(PlatformOfInfoTest, ReadsCriosAnswer) {
  EXPECT_EQ(NameIn(R"({"labels":{"a":"b"},"imageSpec":{"architecture":"arm",)"
                   R"("variant":"v7","os":"linux","config":{},)"
                   R"("rootfs":{"type":"layers","diff_ids":[]}}})"),
            "linux/arm/v7");
}

TEST(PlatformOfInfoTest, KnowsNothingWithoutBothWords) {
  EXPECT_EQ(NameIn(R"({"imageSpec":{"os":"linux"}})"), "unknown");
  EXPECT_EQ(NameIn(R"({"imageSpec":{"os":"","architecture":"amd64"}})"),
            "unknown");
  EXPECT_EQ(NameIn(R"({"imageSpec":{"os":1,"architecture":"amd64"}})"),
            "unknown");
}

TEST(PlatformOfInfoTest, KnowsNothingOfAnythingElse) {
  for (const char* info :
       {"", "{", "null", "[]", "{}", R"({"imageSpec":null})",
        R"({"imageSpec":[]})", R"({"architecture":"amd64","os":"linux"})"}) {
    EXPECT_EQ(NameIn(info), "unknown") << info;
  }
  EXPECT_EQ(NameIn(std::string(100'000, '[')), "unknown");
}

}  // namespace
}  // namespace prepull
