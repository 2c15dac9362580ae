// prepull convert kubeedge: its streams and exit codes; what it converts is in
// test/convert.
#include "test/support/cri/e2e_test_base.h"

namespace prepull {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kJob[] =
    "apiVersion: operations.kubeedge.io/v1alpha2\n"
    "kind: ImagePrePullJob\n"
    "metadata: {name: Nightly}\n"
    "spec:\n"
    "  imagePrePullTemplate:\n"
    "    images: ['quay.io/a:1', {name: b, registry: quay.io, tag: '2',\n"
    "      imageSecret: default/team}]\n"
    "    nodeNames: [edge1]\n"
    "    timeoutSeconds: 300\n";

class ConvertCommandTest : public E2eTest {
 protected:
  ConvertCommandTest() : job_(folder_.Write("job.yaml", kJob)) {}

  std::string job_;
};

TEST_F(ConvertCommandTest, PrintsThePrepullAndWarnsOnStandardError) {
  const Ended ended = RunPrepull({"convert", "kubeedge", job_});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.out, AllOf(StartsWith("apiVersion: prepull.dev/v1alpha1\n"
                                          "kind: Prepull\n"
                                          "metadata:\n"
                                          "  name: nightly\n"
                                          "  namespace: prepull\n"),
                               HasSubstr("- \"quay.io/b:2 secret=team\"\n")));
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("warn metadata.name: the Prepull is called "
                              "nightly job=nightly"),
                    HasSubstr("images[1].imageSecret: the Secret team")));
}

TEST_F(ConvertCommandTest, PrintsAListThatFetchReads) {
  const Ended list = RunPrepull({"convert", "kubeedge", job_, "-o", "list"});
  EXPECT_EQ(list.out, "quay.io/a:1\nquay.io/b:2 secret=team\n");

  const Ended fetch =
      Fetch({"--image-list-file", folder_.Write("images.txt", list.out),
             "--dry-run"});

  EXPECT_THAT(fetch.out, HasSubstr("2 of 2 images to pull"));
}

TEST_F(ConvertCommandTest, ReadsStandardInput) {
  const Ended ended =
      RunProcess({.arguments = {"convert", "kubeedge", "-", "--namespace", "x"},
                  .input = kJob});

  EXPECT_THAT(ended, ExitsWith(0));
  EXPECT_THAT(ended.out, HasSubstr("namespace: x\n"));
}

TEST_F(ConvertCommandTest, NamesThePlaceOfWhatItCannotRead) {
  const std::string bad = folder_.Write("bad.yaml", "kind: Secret\n");
  const Ended refused = RunPrepull({"convert", "kubeedge", bad});

  EXPECT_THAT(refused, ExitsWith(2));
  EXPECT_THAT(refused.out, IsEmpty());
  EXPECT_THAT(refused.err, HasSubstr("bad.yaml:1: kind \"Secret\": expected "
                                     "ImagePrePullJob"));
  EXPECT_THAT(RunPrepull({"convert", "kruise", job_}), ExitsWith(2));
  EXPECT_THAT(RunPrepull({"convert", "kubeedge"}), ExitsWith(2));
  EXPECT_THAT(RunPrepull({"convert", "kubeedge", folder_.Path("none")}),
              ExitsWith(2));
}

}  // namespace
}  // namespace prepull
