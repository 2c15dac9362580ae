#include "src/runtime/containerd_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

using ::testing::FieldsAre;

TEST(SourceOfTest, IsTheHostWithoutItsPortAndThePath) {
  const auto source = [](const char* image) {
    return SourceOf(*Reference::Parse(image));
  };

  EXPECT_THAT(source("busybox"), FieldsAre("docker.io", "library/busybox"));
  EXPECT_THAT(source("quay.io/team/app:1"), FieldsAre("quay.io", "team/app"));
  EXPECT_THAT(source("localhost:5000/app"), FieldsAre("localhost", "app"));
  EXPECT_THAT(source("[::1]:5000/team/app"), FieldsAre("::1", "team/app"));
  EXPECT_THAT(source("[fd00::7]/app:2"), FieldsAre("fd00::7", "app"));
}

}  // namespace
}  // namespace prepull
