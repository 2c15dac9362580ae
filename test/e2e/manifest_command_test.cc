// What prepull manifest refuses and what it warns of; what it prints is in
// manifest_test.py.
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "test/support/cri/prepull_process.h"
#include "test/support/temp_folder.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class ManifestTest : public testing::Test {
 protected:
  Ended Manifest(std::vector<std::string> words,
                 const std::string& list = "quay.io/a:1\n") const {
    words.insert(words.begin(), "manifest");
    words.push_back("--images-from");
    words.push_back(folder_.Write("images.txt", list));
    return RunProcess({.arguments = words});
  }

  const TempFolder folder_;
};

constexpr size_t kLineBytes = 64;

// A list of `bytes` bytes in its normal form, in lines of 64 bytes but for the
// last one, which is longer.
std::string ListOf(size_t bytes) {
  const auto line = [](size_t number, size_t size) {
    std::string text = absl::StrCat("quay.io/a", number, ":");
    text.append(size - text.size() - 1, '1');
    return text + "\n";
  };
  std::string list;
  while (list.size() + 2 * kLineBytes <= bytes) {
    absl::StrAppend(&list, line(list.size(), kLineBytes));
  }
  return list + line(list.size(), bytes - list.size());
}

struct Refusal {
  std::vector<std::string> words;
  std::string why;
};

TEST_F(ManifestTest, RefusesWhatAServerWouldInOneSentence) {
  const std::vector<Refusal> refusals = {
      {{}, "expected daemonset, job or hub, and a name"},
      {{"job"}, "expected daemonset, job or hub, and a name"},
      {{"deployment", "x"}, "expected daemonset, job or hub, and a name"},
      {{"job", "x", "y"}, "\"y\": unexpected word"},
      {{"job", "x", "--node-label", "a/"}, "--node-label: invalid label key"},
      {{"job", "x", "--node-label", "a=b,c,d,e"}, "too many values"},
      {{"job", "x", "--node-label", "a=b,,d"}, "empty value"},
      {{"job", "x", "--storage-dir", "/"},
       "--storage-dir: \"/\": expected an absolute path"},
      {{"job", "X"}, "NAME: \"X\": expected a DNS-1123 label"},
      {{"job", "x\nkind: Secret"}, "NAME: \"x kind: Secret\": expected a DNS"},
      {{"job", "x", "--namespace", "a.b"},
       "--namespace: \"a.b\": expected a DNS"},
      {{"job", "x", "--flavor", "k3s"}, "--flavor: k3s not in"},
      {{"job", "x", "--image", "A b"}, "--image: \"A b\": "},
      {{"job", "x", "--secret", "a/b"}, "--secret: \"a/b\": expected a DNS"},
      {{"job", "x", "--cri-socket", "/c.sock"}, "expected a folder below /"},
      {{"job", "x", "--cri-socket", "c.sock"}, "expected an absolute path"},
      {{"job", "x", "--cri-socket", "/etc/c.sock"},
       "conflicts with the pod's folder"},
      {{"job", "x", "--cri-socket", "/etc/prepull/list/c.sock"},
       "conflicts with"},
      {{"job", "x", "--cri-socket", "/var/run/c.sock", "--node-label", "auto"},
       "conflicts with the pod's folder /var/run/secrets"},
      {{"job", "x", "--create-namespace"}, "\"default\" belongs to Kubernetes"},
      {{"job", "x", "--namespace", "kube-system", "--create-namespace"},
       "\"kube-system\" belongs to Kubernetes"},
      {{"job", "x", "--status-dir", "/a/../b"}, "--status-dir: \"/a/../b\""},
      {{"job", "x", "--concurrency", "65"},
       "--concurrency: invalid value \"65\""},
      {{"job", "x", "--nice", "20"}, "--nice: Value 20 not in range "},
      {{"job", "x", "--nice=-21"}, "--nice: Value -21 not in range "},
      {{"job", "x", "--ionice-class", "2"}, "--ionice-class: 2 not in"},
      {{"job", "x", "--ionice-priority", "8"},
       "--ionice-priority: Value 8 not in range"},
      {{"job", "x", "--overall-timeout", "0"}, "expected at least a second"},
      {{"job", "x", "--node-selector", "a"}, "\"a\": expected KEY=VALUE"},
      {{"job", "x", "--node-selector", "a=1", "--node-selector", "a=2"},
       "--node-selector: \"a\": given twice"},
      {{"job", "x", "--toleration", "a:b"},
       "--toleration: \"a:b\": invalid effect"},
      {{"job", "x", "--priority-class", "A"}, "--priority-class: \"A\""},
      {{"job", "x", "--requests", "cpu=fast"},
       "--requests: \"fast\": invalid quantity"},
      {{"job", "x", "--requests", "memory=1Gi"}, "exceeds the limit 256Mi"},
      {{"job", "x", "--backoff-limit=-1"},
       "--backoff-limit: Value -1 not in range"},
      {{"job", "x", "--deadline", "10m"}, "shorter than --overall-timeout"},
      {{"job", "x", "--overall-timeout", "8761h"}, "expected at most a year"},
      {{"job", "x", "--ttl", "8761h"},
       "--ttl: \"8761h\": expected at most a year"},
      {{"daemonset", "x", "--deadline", "1h"}, "only valid for a job"},
      {{"daemonset", "x", "--backoff-limit", "1"}, "only valid for a job"},
      {{"daemonset", "x", "--ttl", "1h"}, "only valid for a job"}};
  for (const Refusal& refusal : refusals) {
    const Ended refused = Manifest(refusal.words);

    EXPECT_THAT(refused, ExitsWith(2)) << refusal.why;
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err,
                AllOf(StartsWith("prepull: "), HasSubstr(refusal.why)));
    EXPECT_EQ(refused.err.find('\n'), refused.err.size() - 1);
  }
}

// The words behind "--" are last on the line, so the list comes first.
TEST_F(ManifestTest, RefusesFlagsOfFetchThatCannotWorkInThePod) {
  const std::string list = folder_.Write("images.txt", "quay.io/a:1\n");
  const std::vector<Refusal> refusals = {
      {{"--start-jitter=5"},
       "--start-jitter: invalid duration \"5\": missing unit"},
      {{"--start-jiter=5m"}, "did you mean \"--start-jitter\""},
      {{"--max-attempts"}, "--max-attempts: value is missing"},
      {{"--docker-config=/a"},
       "\"--docker-config\": the pod does not have this file"},
      {{"--image-list-file", "-"},
       "\"--image-list-file\": the pod does not have"},
      {{"--host-root=/"}, "\"--host-root\": the pod does not have"},
      {{"-j4"}, "\"--concurrency\": flag of manifest"},
      {{"--overall-timeout=1h"}, "\"--overall-timeout\": flag of manifest"},
      {{"--space-required=1GiB"}, "give --storage-dir before --"},
      {{"--gc-high-threshold=80"}, "give --storage-dir before --"},
      {{"quay.io/a:1"},
       "\"quay.io/a:1\": unexpected word: expected flags of fetch; images"},
      {{"--", "--pin"}, "\"--pin\": unexpected word"},
      {{"--help"}, "\"--help\": not supported in a pod"},
      {{"--node=\xff"}, "invalid UTF-8"}};
  for (const Refusal& refusal : refusals) {
    std::vector<std::string> words = {
        "manifest", "--images-from", list, "daemonset", "x", "--"};
    words.insert(words.end(), refusal.words.begin(), refusal.words.end());

    const Ended refused = RunProcess({.arguments = words});

    EXPECT_THAT(refused, ExitsWith(2)) << refusal.why;
    EXPECT_THAT(refused.out, IsEmpty());
    EXPECT_THAT(refused.err, HasSubstr(refusal.why));
  }
}

// The variables are those of whoever prints, not of the pod.
TEST_F(ManifestTest, JudgesFlagsOfFetchWithoutVariables) {
  const Ended printed = RunProcess(
      {.arguments = {"manifest", "--images-from",
                     folder_.Write("images.txt", "quay.io/a:1\n"), "job", "x",
                     "--", "--best-effort", "--max-attempts", "5"},
       .environment = {{"PREPULL_MAX_ATTEMPTS", "many"}}});

  EXPECT_THAT(printed, ExitsWith(0));
  EXPECT_THAT(printed.out,
              HasSubstr("- --best-effort\n        - --max-attempts\n"
                        "        - \"5\"\n"));
}

TEST_F(ManifestTest, TakesTheSocketAsFetchDoes) {
  const Ended path = Manifest({"job", "x", "--cri-socket", "/var/run/c.sock"});
  const Ended url =
      Manifest({"job", "x", "--cri-socket", "unix:///var/run/c.sock"});

  EXPECT_THAT(path, ExitsWith(0));
  EXPECT_EQ(url.out, path.out);
}

TEST_F(ManifestTest, NeedsAListWithImages) {
  const Ended no_list = RunPrepull({"manifest", "job", "x"});
  const Ended no_file =
      RunPrepull({"manifest", "job", "x", "--images-from", "/nowhere"});
  const Ended empty = Manifest({"job", "x"}, "# nothing\n\n");

  EXPECT_THAT(no_list, ExitsWith(2));
  EXPECT_EQ(no_list.err, "prepull: no images: give --images-from\n");
  EXPECT_THAT(no_file, ExitsWith(2));
  EXPECT_THAT(no_file.err, StartsWith("prepull: list: "));
  EXPECT_THAT(empty, ExitsWith(2));
  EXPECT_THAT(empty.err, EndsWith("images.txt: holds no images\n"));
}

TEST_F(ManifestTest, RefusesAListThatNoConfigMapHolds) {
  const Ended binary = Manifest({"job", "x"}, "quay.io/a:1\n\x1b[2J\n");
  const Ended large = Manifest({"job", "x"}, ListOf((1 << 20) + 1));

  EXPECT_THAT(binary, ExitsWith(2));
  EXPECT_THAT(binary.err,
              EndsWith("images.txt: line 2: contains a control character\n"));
  EXPECT_THAT(large, ExitsWith(2));
  EXPECT_THAT(large.err, HasSubstr("at most 1048576 (1 MiB) fit"));
  EXPECT_THAT(large.out, IsEmpty());
}

TEST_F(ManifestTest, RefusesASecretThatCannotBeOne) {
  const Ended refused =
      Manifest({"job", "x"}, "quay.io/a:1\nquay.io/b:1 secret=No_Name\n");

  EXPECT_THAT(refused, ExitsWith(2));
  EXPECT_THAT(
      refused.err,
      HasSubstr("images.txt:2: secret: \"No_Name\": expected a DNS-1123"));
}

TEST_F(ManifestTest, WarnsOfAListThatBecomesLarge) {
  const Ended close = Manifest({"job", "x"}, ListOf((900 << 10) + 1));
  const Ended below = Manifest({"job", "x"}, ListOf(900 << 10));
  const Ended most = Manifest({"job", "x"}, ListOf(1 << 20));

  EXPECT_THAT(close, ExitsWith(0));
  EXPECT_THAT(close.err, HasSubstr("most that a ConfigMap holds"));
  EXPECT_THAT(below.err, Not(HasSubstr("most that a ConfigMap holds")));
  EXPECT_THAT(most, ExitsWith(0));
}

TEST_F(ManifestTest, WarnsOfAListThatAPlainApplyCannotAnnotate) {
  // Each line end is a byte longer in JSON.
  const size_t lines = (254 << 10) / (kLineBytes + 1);
  const size_t bytes = (254 << 10) - lines;
  const Ended larger = Manifest({"job", "x"}, ListOf(bytes + kLineBytes));
  const Ended fitting = Manifest({"job", "x"}, ListOf(bytes - kLineBytes));

  EXPECT_THAT(larger, ExitsWith(0));
  EXPECT_THAT(larger.err, HasSubstr("kubectl apply --server-side"));
  EXPECT_THAT(fitting.err, IsEmpty());
}

TEST_F(ManifestTest, WarnsOfLinesThatMeanNothingAndPrintsThemAllTheSame) {
  std::string list = "quay.io/a:1\nquay.io/Team/b:1\n";
  for (int i = 0; i < 20; ++i) absl::StrAppend(&list, "BAD", i, "\n");

  const Ended printed = Manifest({"job", "x"}, list);

  EXPECT_THAT(printed, ExitsWith(0));
  EXPECT_THAT(printed.err,
              AllOf(HasSubstr("images.txt:2"), HasSubstr("BAD8"),
                    Not(HasSubstr("BAD9")), HasSubstr("lines=11")));
  EXPECT_THAT(printed.out, HasSubstr("BAD19"));
}

TEST_F(ManifestTest, WarnsOfADeadlineWithoutRoomForRetries) {
  const Ended tight = Manifest({"job", "x", "--deadline", "25m"});
  const Ended roomy = Manifest({"job", "x", "--deadline", "2h"});

  EXPECT_THAT(tight, ExitsWith(0));
  EXPECT_THAT(tight.out, HasSubstr("activeDeadlineSeconds: 1500\n"));
  EXPECT_THAT(tight.err, HasSubstr("deadline=25m needed=1h7m30s"));
  EXPECT_THAT(roomy.err, IsEmpty());
}

TEST_F(ManifestTest, WarnsOfANamespaceThatOpenShiftMustAllow) {
  const Ended other = Manifest({"job", "x", "--flavor", "openshift"});
  const Ended created = Manifest({"job", "x", "--flavor", "openshift",
                                  "--namespace", "p", "--create-namespace"});

  EXPECT_THAT(other, ExitsWith(0));
  EXPECT_THAT(other.err, HasSubstr("workload.openshift.io/allowed"));
  EXPECT_THAT(created.err, IsEmpty());
}

}  // namespace
}  // namespace prepull
