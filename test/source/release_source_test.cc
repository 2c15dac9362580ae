#include "src/source/release_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::HasSubstr;

TEST(ParseReleaseImagesTest, ReadsTheTagsInTheirOrder) {
  const auto images = ParseReleaseImages(R"({
    "kind":"ImageStream","apiVersion":"image.openshift.io/v1",
    "metadata":{"name":"4.15.2"},
    "spec":{"lookupPolicy":{"local":false},"tags":[
      {"name":"etcd","annotations":{"io.openshift.build.commit.id":"1"},
       "from":{"kind":"DockerImage","name":"quay.io/ocp/art@sha256:1"}},
      {"name":"cli","from":{"kind":"DockerImage","name":"quay.io/ocp/art@sha256:2"}}]}})");

  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(*images,
              ElementsAre(FieldsAre("etcd", "quay.io/ocp/art@sha256:1"),
                          FieldsAre("cli", "quay.io/ocp/art@sha256:2")));
}

TEST(ParseReleaseImagesTest, WhatIsNoReleaseIsSaid) {
  for (const char* text : {"", "{", "\xEF\xBB\xBF{}"}) {
    EXPECT_THAT(
        ParseReleaseImages(text),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("invalid JSON")))
        << text;
  }
  for (const char* text : {"[]", "{}", R"({"spec":[]})", R"({"spec":{}})",
                           R"({"spec":{"tags":{}}})"}) {
    EXPECT_THAT(ParseReleaseImages(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("spec.tags: expected an array")))
        << text;
  }
}

TEST(ParseReleaseImagesTest, ATagWithoutAnImageIsNamed) {
  EXPECT_THAT(
      ParseReleaseImages(R"({"spec":{"tags":[{"name":"cli","from":{}}]}})"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "tag 1 (cli): from.name is missing"));
}

}  // namespace
}  // namespace prepull
