#include "prepull/preflight/kubelet_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/support/status_matchers.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kKubeadm[] = "/var/lib/kubelet/config.yaml";
constexpr char kKubeadmDropIns[] = "/etc/kubernetes/kubelet.conf.d/";
constexpr char kOpenShift[] = "/etc/kubernetes/kubelet.conf";
constexpr char kHead[] =
    "apiVersion: kubelet.config.k8s.io/v1beta1\n"
    "kind: KubeletConfiguration\n";

// A node's files, below a folder that is its root.
class ReadKubeletConfigsTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) const {
    const std::string whole = absl::StrCat(root_.path(), path);
    std::filesystem::create_directories(
        std::filesystem::path(whole).parent_path());
    std::ofstream(whole, std::ios::binary) << text;
  }

  void Settings(const std::string& path, const std::string& text) const {
    Write(path, absl::StrCat(kHead, text));
  }

  std::vector<absl::StatusOr<KubeletConfig>> Read() {
    return ReadKubeletConfigs(files_, root_.path());
  }

  // The only one that is found.
  absl::StatusOr<KubeletConfig> ReadOne() {
    const std::vector<absl::StatusOr<KubeletConfig>> configs = Read();
    if (configs.size() == 1) return configs[0];
    return absl::InternalError(absl::StrCat(configs.size(), " found"));
  }

  TempFolder root_;
  SystemFileSystem files_;
};

TEST_F(ReadKubeletConfigsTest, FindsNoneOnANodeThatHasNone) {
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(ReadKubeletConfigsTest, ReadsWhatKubeadmWrites) {
  Settings(kKubeadm,
           "imagePullCredentialsVerificationPolicy: "
           "NeverVerifyAllowlistedImages\n"
           "preloadedImagesVerificationAllowlist:\n"
           "- quay.io/team/*\n- registry.local/app\n"
           "featureGates: {KubeletEnsureSecretPulledImages: true, A: false}\n");

  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->path, absl::StrCat(root_.path(), kKubeadm));
  EXPECT_EQ(config->policy, "NeverVerifyAllowlistedImages");
  EXPECT_THAT(config->allowlist,
              ElementsAre("quay.io/team/*", "registry.local/app"));
  EXPECT_EQ(config->verifies, true);
}

TEST_F(ReadKubeletConfigsTest, KnowsWhenNothingIsSaid) {
  Settings(kKubeadm, "maxPods: 250\nfeatureGates:\n  Other: true\n");

  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->policy, "");
  EXPECT_EQ(config->verifies, std::nullopt);
}

// The places of distributions; that of the kubelet's arguments is not seen.
TEST_F(ReadKubeletConfigsTest, LooksWhereDistributionsKeepIt) {
  for (const char* path :
       {kKubeadm, kOpenShift,
        "/var/lib/microshift/resources/kubelet/config/config.yaml",
        "/etc/kubernetes/kubelet/config.json",
        "/home/kubernetes/kubelet-config.yaml",
        "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf",
        "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d/50-mine.conf"}) {
    Settings(path, "");
    const absl::StatusOr<KubeletConfig> config = ReadOne();

    ASSERT_THAT(config, IsOk()) << path;
    EXPECT_THAT(config->path, EndsWith(path));
    std::filesystem::remove(absl::StrCat(root_.path(), path));
  }
}

TEST_F(ReadKubeletConfigsTest, ReadsTheJsonOfEks) {
  Write("/etc/kubernetes/kubelet/config.json",
        "{\n\t\"kind\": \"KubeletConfiguration\",\n"
        "\t\"apiVersion\": \"kubelet.config.k8s.io/v1beta1\",\n"
        "\t\"imagePullCredentialsVerificationPolicy\": \"AlwaysVerify\"\n}\n");

  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->policy, "AlwaysVerify");
}

TEST_F(ReadKubeletConfigsTest, LeavesKubeadmsKubeconfigAlone) {
  Write(kOpenShift, "apiVersion: v1\nkind: Config\nclusters: []\n");

  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(ReadKubeletConfigsTest, LeavesOtherTextsAlone) {
  for (const char* text :
       {"", "KUBELET_ARGS=--v=2\n", "- a\n", "kind: [a]\n"}) {
    Write(kOpenShift, text);
    EXPECT_THAT(Read(), IsEmpty()) << text;
  }
}

TEST_F(ReadKubeletConfigsTest, LaysDropInsOverItInTheOrderOfTheirNames) {
  const std::string folder = kKubeadmDropIns;
  Settings(kKubeadm,
           "imagePullCredentialsVerificationPolicy: NeverVerify\n"
           "featureGates: {KubeletEnsureSecretPulledImages: true}\n");
  Settings(folder + "20-last.conf",
           "imagePullCredentialsVerificationPolicy: AlwaysVerify\n");
  Settings(folder + "10-more/a.conf",
           "imagePullCredentialsVerificationPolicy: "
           "NeverVerifyAllowlistedImages\n"
           "preloadedImagesVerificationAllowlist: [a]\n");
  Settings(folder + "30-other.conf", "maxPods: 5\n");
  Write(folder + "40-not-one.txt", "[");

  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->policy, "AlwaysVerify");
  EXPECT_THAT(config->allowlist, ElementsAre("a"));
  EXPECT_EQ(config->verifies, true);
  EXPECT_THAT(config->path, EndsWith("/20-last.conf"));
}

TEST_F(ReadKubeletConfigsTest, ADropInTakesBackWithNull) {
  Settings(kKubeadm,
           "imagePullCredentialsVerificationPolicy: AlwaysVerify\n"
           "preloadedImagesVerificationAllowlist: [a]\n"
           "featureGates: {KubeletEnsureSecretPulledImages: true}\n");
  Settings(absl::StrCat(kKubeadmDropIns, "a.conf"),
           "imagePullCredentialsVerificationPolicy: null\n"
           "preloadedImagesVerificationAllowlist: ~\n"
           "featureGates: {KubeletEnsureSecretPulledImages: null}\n");

  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->policy, "");
  EXPECT_THAT(config->allowlist, IsEmpty());
  EXPECT_EQ(config->verifies, std::nullopt);
}

TEST_F(ReadKubeletConfigsTest, ReturnsEachThatIsFound) {
  Settings(kKubeadm, "");
  Settings(kOpenShift, "");

  EXPECT_THAT(Read(), SizeIs(2));
}

struct BadRow {
  std::string text;
  const char* error;
};

TEST_F(ReadKubeletConfigsTest, NamesTheFileThatItCannotUse) {
  const BadRow rows[] = {
      {"a: b: c\n", ":3: invalid YAML: "},
      {"a: [\n", ": invalid YAML: "},
      {"imagePullCredentialsVerificationPolicy: [a]\n", ":3: imagePullCred"},
      {"preloadedImagesVerificationAllowlist: a\n", ":3: preloadedImages"},
      {"preloadedImagesVerificationAllowlist: [a, [b]]\n", "expected a list"},
      {"featureGates: []\n", ":3: featureGates: expected a map"},
      {"featureGates: {KubeletEnsureSecretPulledImages: 2}\n",
       "expected true or false"},
      {"a: *b\n", ": invalid YAML: "},
  };
  for (const BadRow& row : rows) {
    Settings(kKubeadm, row.text);

    EXPECT_THAT(ReadOne().status(),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(absl::StrCat(root_.path(), kKubeadm)),
                               HasSubstr(row.error))))
        << row.text;
  }
}

TEST_F(ReadKubeletConfigsTest, NamesADropInThatTheKubeletWouldRefuse) {
  Settings(kKubeadm, "");
  Write(absl::StrCat(kKubeadmDropIns, "a.conf"), "maxPods: 5\n");

  EXPECT_THAT(ReadOne().status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a.conf: expected kind KubeletConfig")));
}

TEST_F(ReadKubeletConfigsTest, RefusesAHugeFile) {
  Settings(kKubeadm, std::string(1 << 20, '#'));

  EXPECT_THAT(ReadOne().status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr(kKubeadm)));
}

TEST_F(ReadKubeletConfigsTest, RefusesDeepAndMultiplyingYaml) {
  const size_t most = (128 << 10) - sizeof(kHead) - 8;
  std::string bombs = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    absl::StrAppend(&bombs, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1,
                    "]\n");
  }
  std::string dashes;
  while (dashes.size() < most) dashes += "- ";
  std::string questions;
  while (questions.size() < most) questions += "? ";

  for (const std::string& deep :
       {std::string(most, '['), std::string(most, '{'), dashes, questions}) {
    Settings(kKubeadm, absl::StrCat("a: ", deep));
    EXPECT_THAT(ReadOne().status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                             HasSubstr("invalid YAML")))
        << deep.substr(0, 4);
  }
  Settings(kKubeadm, bombs);
  EXPECT_THAT(ReadOne(), IsOk());
}

TEST_F(ReadKubeletConfigsTest, RefusesTooManyDropIns) {
  Settings(kKubeadm, "");
  for (int i = 0; i < 101; ++i) {
    Settings(absl::StrCat(kKubeadmDropIns, i, ".conf"), "");
  }

  EXPECT_THAT(ReadOne().status(), StatusIs(absl::StatusCode::kResourceExhausted,
                                           HasSubstr("too many drop-ins")));
}

TEST_F(ReadKubeletConfigsTest, RefusesDropInsThatAreTooLargeTogether) {
  Settings(kKubeadm, "");
  for (const char* name : {"a.conf", "b.conf", "c.conf"}) {
    Settings(absl::StrCat(kKubeadmDropIns, name), std::string(50'000, '#'));
  }

  EXPECT_THAT(ReadOne().status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("c.conf")));
}

TEST_F(ReadKubeletConfigsTest, FollowsLinksOnlyWithinTheHostsRoot) {
  const TempFolder outside;
  outside.Write("secret.yaml",
                absl::StrCat(kHead,
                             "imagePullCredentialsVerificationPolicy: "
                             "AlwaysVerify\n"));
  Settings("/real/config.yaml",
           "imagePullCredentialsVerificationPolicy: NeverVerify\n");
  std::filesystem::create_directories(root_.Path("var/lib/kubelet"));
  const std::string link = root_.Path("var/lib/kubelet/config.yaml");

  std::filesystem::create_symlink(outside.Path("secret.yaml"), link);
  EXPECT_THAT(Read(), IsEmpty());
  std::filesystem::remove(link);
  std::filesystem::create_symlink(
      absl::StrCat("../../../..", outside.Path("secret.yaml")), link);
  EXPECT_THAT(Read(), IsEmpty());
  std::filesystem::remove(link);
  std::filesystem::create_symlink("/real/config.yaml", link);
  const absl::StatusOr<KubeletConfig> config = ReadOne();

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->policy, "NeverVerify");
}

TEST_F(ReadKubeletConfigsTest, DoesNotWaitForAPipe) {
  std::filesystem::create_directories(root_.Path("var/lib/kubelet"));
  ASSERT_EQ(mkfifo(root_.Path("var/lib/kubelet/config.yaml").c_str(), 0600), 0);

  EXPECT_THAT(Read(), IsEmpty());
}

// As on distributions on which it is the file of the service's variables.
TEST_F(ReadKubeletConfigsTest, TakesAFileInTheFoldersPlaceForNone) {
  Write("/etc/kubernetes/kubelet", "KUBELET_ARGS=\n");

  EXPECT_THAT(Read(), IsEmpty());
}

}  // namespace
}  // namespace prepull
