#include "prepull/pin/crio_drop_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string DropIn(const std::vector<std::string>& images) {
  std::vector<ImageRequest> requests;
  for (const std::string& image : images) {
    requests.push_back({image, "", Reference::Parse(image)});
  }
  return CrioDropIn(requests);
}

TEST(CrioDropInTest, NamesTheImagesInFull) {
  EXPECT_THAT(DropIn({"busybox", "quay.io/a:1"}),
              EndsWith("\n[crio.image]\n"
                       "pinned_images = [\n"
                       "  \"docker.io/library/busybox:latest\",\n"
                       "  \"quay.io/a:1\",\n"
                       "]\n"));
}

TEST(CrioDropInTest, LeavesOutWhatIsNoImage) {
  EXPECT_THAT(DropIn({"quay.io/A\"]\nx = [\"", "quay.io/b:1"}),
              EndsWith("pinned_images = [\n  \"quay.io/b:1\",\n]\n"));
}

TEST(CrioDropInTest, SaysWhereItGoesAndHowItIsRead) {
  EXPECT_THAT(DropIn({}), HasSubstr("/etc/crio/crio.conf.d/"));
  EXPECT_THAT(DropIn({}), HasSubstr("SIGHUP"));
}

}  // namespace
}  // namespace prepull
