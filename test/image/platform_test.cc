#include "prepull/image/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prepull {
namespace {

constexpr char kAmd64[] = "amd64";

Platform Linux(const std::string& architecture,
               const std::string& variant = "") {
  return {.os = "linux", .architecture = architecture, .variant = variant};
}

TEST(PlatformNameTest, HasTheVariantIfItIsSaid) {
  EXPECT_EQ(PlatformName(Linux("arm64")), "linux/arm64");
  EXPECT_EQ(PlatformName(Linux("arm", "v7")), "linux/arm/v7");
}

TEST(PlatformNameTest, IsPrintableAndShort) {
  EXPECT_EQ(PlatformName(Linux("a\x1b[2J")), "linux/a [2J");
  EXPECT_LE(PlatformName(Linux(std::string(10'000, 'x'))).size(), 64);
}

TEST(RunsOnTest, WhatWasBuiltForTheNodeRuns) {
  EXPECT_TRUE(RunsOn(Linux(kAmd64), Linux(kAmd64)));
  EXPECT_TRUE(RunsOn(Linux(kAmd64, "v3"), Linux(kAmd64)));
  EXPECT_TRUE(RunsOn(Linux("arm64"), Linux("arm64", "v8")));
}

TEST(RunsOnTest, AnotherArchitectureDoesNot) {
  EXPECT_FALSE(RunsOn(Linux("arm64"), Linux(kAmd64)));
  EXPECT_FALSE(RunsOn(Linux(kAmd64), Linux("arm64")));
  EXPECT_FALSE(RunsOn(Linux("s390x"), Linux("ppc64le")));
  EXPECT_FALSE(RunsOn(Linux("unknown"), Linux(kAmd64)));
}

TEST(RunsOnTest, AnotherOperatingSystemDoesNot) {
  EXPECT_FALSE(
      RunsOn({.os = "windows", .architecture = kAmd64}, Linux(kAmd64)));
}

TEST(RunsOnTest, A64BitNodeRunsThe32BitFormAndNotTheOtherWayRound) {
  EXPECT_TRUE(RunsOn(Linux("386"), Linux(kAmd64)));
  EXPECT_TRUE(RunsOn(Linux("arm", "v7"), Linux("arm64", "v8")));
  EXPECT_FALSE(RunsOn(Linux(kAmd64), Linux("386")));
  EXPECT_FALSE(RunsOn(Linux("arm64"), Linux("arm")));
}

TEST(RunsOnTest, AnArchitectureHasMoreNamesThanOne) {
  for (const char* name : {"x86_64", "x86-64", "AMD64", "i386"}) {
    EXPECT_TRUE(RunsOn(Linux(name), Linux(kAmd64))) << name;
  }
  for (const char* name : {"aarch64", "armhf", "armel"}) {
    EXPECT_TRUE(RunsOn(Linux(name), Linux("arm64"))) << name;
  }
}

TEST(OwnPlatformTest, IsOneThatRunsOnItself) {
  EXPECT_TRUE(RunsOn(OwnPlatform(), OwnPlatform()));
}

}  // namespace
}  // namespace prepull
