#include "src/registry/node_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "test/support/fake_file_system.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

constexpr char kPem[] =
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

class NodeFilesTest : public ::testing::Test {
 protected:
  NodeFilesTest() {
    StartLog({.level = LogLevel::kWarn,
              .format = LogFormat::kPeople,
              .write = [this](absl::string_view line) {
                warnings_.emplace_back(line);
              }});
  }
  ~NodeFilesTest() override {
    StartLog({.write = [](absl::string_view) {}});
  }

  void Put(const std::string& path, const std::string& text) {
    ASSERT_THAT(files_.WriteFileAtomically(path, text), IsOk());
  }

  // The registries that are asked for r.example/a:1.
  std::vector<std::string> Registries(const std::string& host_root = "/host") {
    std::vector<std::string> registries;
    const auto places = ReadNodeRegistries(files_, host_root)
                            .PlacesOf(*Reference::Parse("r.example/a:1"));
    for (const Place& place : *places) {
      registries.push_back(place.image.registry());
    }
    return registries;
  }

  static std::string MirrorAt(const std::string& location) {
    return absl::StrCat("[[registry]]\nlocation = 'r.example'\n",
                        "[[registry.mirror]]\nlocation = '", location, "'\n");
  }

  FakeFileSystem files_;
  std::vector<std::string> warnings_;
};

TEST_F(NodeFilesTest, ANodeWithoutFilesSaysNothing) {
  EXPECT_THAT(Registries(), ElementsAre("r.example"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(NodeFilesTest, FilesAreReadBelowTheHostsRoot) {
  Put("/etc/containers/registries.conf", MirrorAt("own.example"));
  Put("/host/etc/containers/registries.conf", MirrorAt("host.example"));

  EXPECT_THAT(Registries("/host"), ElementsAre("host.example", "r.example"));
  EXPECT_THAT(Registries("/host/"), ElementsAre("host.example", "r.example"));
  EXPECT_THAT(Registries("/"), ElementsAre("own.example", "r.example"));
}

TEST_F(NodeFilesTest, DropInsComeAfterTheFileInTheOrderOfTheirNames) {
  Put("/host/etc/containers/registries.conf", MirrorAt("main.example"));
  const std::string folder = "/host/etc/containers/registries.conf.d/";
  Put(folder + "010.conf", MirrorAt("a.example"));
  Put(folder + "99-last.conf", MirrorAt("last.example"));
  Put(folder + "zz.toml", MirrorAt("ignored.example"));
  Put(folder + "folder/a.conf", MirrorAt("ignored.example"));

  EXPECT_THAT(Registries(), ElementsAre("last.example", "r.example"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(NodeFilesTest, ABrokenFileIsOneWarningAndTheOthersCount) {
  Put("/host/etc/containers/registries.conf", MirrorAt("m.example"));
  Put("/host/etc/containers/registries.conf.d/a.conf", "[[registry]]\n");

  EXPECT_THAT(Registries(), ElementsAre("m.example", "r.example"));
  EXPECT_THAT(
      warnings_,
      ElementsAre(
          AllOf(HasSubstr("registries are asked without a file of the node"),
                HasSubstr("/host/etc/containers/registries.conf.d/a.conf:1:1: "
                          "registry: expected a location"))));
}

TEST_F(NodeFilesTest, CertificatesAreOfTheFirstFolderThatHasTheRegistry) {
  Put("/host/etc/containers/certs.d/r.example/ca.crt", kPem);
  Put("/host/etc/docker/certs.d/r.example/old.crt", kPem);
  Put("/host/etc/docker/certs.d/m.example:5000/a.crt", kPem);
  Put("/host/etc/docker/certs.d/m.example:5000/b.crt", kPem);
  Put("/host/etc/docker/certs.d/m.example:5000/readme", "no PEM");

  const NodeRegistries node = ReadNodeRegistries(files_, "/host");

  EXPECT_THAT(node.PlaceOf(*Reference::Parse("r.example/a:1")).ca,
              ElementsAre(CaFile{
                  "/host/etc/containers/certs.d/r.example/ca.crt", kPem}));
  EXPECT_THAT(
      node.PlaceOf(*Reference::Parse("m.example:5000/a:1")).ca,
      ElementsAre(
          CaFile{"/host/etc/docker/certs.d/m.example:5000/a.crt", kPem},
          CaFile{"/host/etc/docker/certs.d/m.example:5000/b.crt", kPem}));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(NodeFilesTest, WhatIsNoCertificateOrAClientsIsAWarning) {
  Put("/host/etc/containers/certs.d/r.example/ca.crt", "no PEM");
  Put("/host/etc/containers/certs.d/r.example/client.cert", kPem);
  Put("/host/etc/containers/certs.d/r.example/client.key", "a key");

  const NodeRegistries node = ReadNodeRegistries(files_, "/host");

  EXPECT_THAT(node.PlaceOf(*Reference::Parse("r.example/a:1")).ca, IsEmpty());
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("r.example/ca.crt: no PEM certificates"),
                          HasSubstr("r.example/client.cert: client "
                                    "certificates are not supported")));
}

TEST_F(NodeFilesTest, ContainerdsHostsAreThereForWhatNoOtherRuleIsAbout) {
  Put("/host/etc/containerd/certs.d/r.example/hosts.toml",
      "[host.'https://m.example']\nca = 'ca.crt'\n");
  Put("/host/etc/containerd/certs.d/r.example/ca.crt", kPem);
  EXPECT_THAT(Registries(), ElementsAre("m.example", "r.example"));

  const auto places = ReadNodeRegistries(files_, "/host")
                          .PlacesOf(*Reference::Parse("r.example/a:1"));
  ASSERT_THAT(places, IsOk());
  EXPECT_THAT(places->front().ca,
              ElementsAre(CaFile{
                  "/host/etc/containerd/certs.d/r.example/ca.crt", kPem}));
  EXPECT_THAT(places->back().ca, IsEmpty());

  Put("/host/etc/containers/registries.conf", MirrorAt("n.example"));
  EXPECT_THAT(Registries(), ElementsAre("n.example", "r.example"));
  EXPECT_THAT(warnings_, IsEmpty());
}

// A node that was broken into could otherwise fill our memory, and the log.
TEST_F(NodeFilesTest, AllFilesTogetherHaveALimit) {
  const std::string large = absl::StrCat(kPem, std::string(1'000'000, '#'));
  std::string hosts = "[host.'https://m.example']\nca = [";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&hosts, "'ca.crt',\n");
  Put("/host/etc/containerd/certs.d/r.example/hosts.toml",
      absl::StrCat(hosts, "]\n"));
  Put("/host/etc/containerd/certs.d/r.example/ca.crt", large);

  const auto places = ReadNodeRegistries(files_, "/host")
                          .PlacesOf(*Reference::Parse("r.example/a:1"));

  ASSERT_THAT(places, IsOk());
  EXPECT_THAT(places->front().ca, SizeIs(AllOf(Gt(10u), Lt(20u))));
  EXPECT_THAT(warnings_, SizeIs(20));
  EXPECT_THAT(warnings_, Each(HasSubstr("too many or too large files")));
}

TEST_F(NodeFilesTest, ContainerdsFoldersNameAPortInTheirWay) {
  Put("/host/etc/containerd/certs.d/r.example_5000_/ca.crt", kPem);
  Put("/host/etc/containerd/certs.d/_default/hosts.toml",
      "[host.'m.example']\nca = 'gone.crt'");

  const NodeRegistries node = ReadNodeRegistries(files_, "/host");

  EXPECT_THAT(
      node.PlaceOf(*Reference::Parse("r.example:5000/a:1")).ca,
      ElementsAre(
          CaFile{"/host/etc/containerd/certs.d/r.example_5000_/ca.crt", kPem}));
  EXPECT_THAT(Registries(), ElementsAre("m.example", "r.example"));
  EXPECT_THAT(warnings_, Each(HasSubstr("/_default/gone.crt: ")));
}

}  // namespace
}  // namespace prepull
