#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/auth/file_credentials.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string ConfigFor(const std::string& key) {
  return absl::StrCat(R"({"auths":{")", key, R"(":{"username":"u"}}})");
}

class CredentialFilesTest : public ::testing::Test {
 protected:
  std::string Put(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  absl::StatusOr<DockerConfig> Read(const std::string& path) {
    return ReadDockerConfigs(path, files_);
  }

  // Where the credentials in the folder come from, and what is wrong there.
  std::vector<std::string> Sources() {
    std::vector<std::string> sources;
    const absl::StatusOr<DockerConfig> config = Read(folder_);
    EXPECT_THAT(config, IsOk());
    if (!config.ok()) return sources;
    for (const KeyringEntry& entry : config->entries) {
      sources.push_back(entry.credential.source);
    }
    sources.insert(sources.end(), config->warnings.begin(),
                   config->warnings.end());
    return sources;
  }

  const TempFolder temp_;
  const std::string folder_ = temp_.path();
  SystemFileSystem files_;
};

TEST_F(CredentialFilesTest, ReadsAFileOfAnyName) {
  const std::string path = Put("pull-secret", ConfigFor("a.io"));

  const auto config = Read(path);

  ASSERT_THAT(config, IsOk());
  ASSERT_EQ(config->entries.size(), 1u);
  EXPECT_EQ(config->entries[0].credential.source, path + ": a.io");
}

TEST_F(CredentialFilesTest, ReadsASecretAsItIsMounted) {
  fs::create_directory(folder_ + "/..2026_01_02");
  Put("..2026_01_02/.dockerconfigjson", ConfigFor("a.io"));
  fs::create_symlink("..2026_01_02", folder_ + "/..data");
  fs::create_symlink("..data/.dockerconfigjson",
                     folder_ + "/.dockerconfigjson");

  EXPECT_THAT(Sources(), ElementsAre(folder_ + "/.dockerconfigjson: a.io"));
}

TEST_F(CredentialFilesTest, ReadsEveryDockerConfigOfAFolderByName) {
  Put("config.json", ConfigFor("c.io"));
  Put(".dockercfg", R"({"b.io":{"username":"u"}})");
  Put("team", ConfigFor("d.io"));
  Put("..hidden", ConfigFor("e.io"));
  fs::create_directory(folder_ + "/deeper");
  Put("deeper/config.json", ConfigFor("f.io"));

  EXPECT_THAT(Sources(), ElementsAre(folder_ + "/.dockercfg: b.io",
                                     folder_ + "/config.json: c.io",
                                     folder_ + "/team: d.io"));
}

TEST_F(CredentialFilesTest, SaysWhichFilesOfAFolderAreBroken) {
  Put(".dockerconfigjson", "{");
  Put("ca.crt", "-----BEGIN CERTIFICATE-----");
  Put("good.json", ConfigFor("a.io"));
  fs::create_symlink("nowhere", folder_ + "/config.json");

  EXPECT_THAT(
      Sources(),
      ElementsAre(folder_ + "/good.json: a.io",
                  folder_ + "/.dockerconfigjson: invalid JSON: incomplete JSON",
                  folder_ + "/config.json: open: no such file or directory"));
}

TEST_F(CredentialFilesTest, SaysThatAFolderHasNone) {
  Put("ca.crt", "-----BEGIN CERTIFICATE-----");

  EXPECT_THAT(Sources(), ElementsAre(folder_ + ": no credentials found"));
}

// As the kubelet leaves the folder of an optional Secret that is missing.
TEST_F(CredentialFilesTest, SaysThatAFolderIsEmpty) {
  fs::create_directory(folder_ + "/..2026");
  fs::create_symlink("..2026", folder_ + "/..data");

  EXPECT_THAT(
      Sources(),
      ElementsAre(folder_ + ": empty folder: there may be no such Secret"));
}

TEST_F(CredentialFilesTest, SaysWhyAPathCannotBeUsed) {
  const std::string pipe = folder_ + "/pipe";
  mkfifo(pipe.c_str(), 0600);
  const std::string large = Put("large", std::string((1 << 20) + 1, ' '));

  EXPECT_THAT(Read(folder_ + "/none"),
              StatusIs(Code::kNotFound,
                       folder_ + "/none: open: no such file or directory"));
  EXPECT_THAT(Read(pipe), StatusIs(Code::kInvalidArgument,
                                   pipe + ": not a file or directory"));
  EXPECT_THAT(Read(large), StatusIs(Code::kInvalidArgument,
                                    large + ": larger than 1048576 bytes"));
}

}  // namespace
}  // namespace prepull
