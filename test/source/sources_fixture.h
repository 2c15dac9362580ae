// A registry with a release, two catalogues and tags, and what sources are
// resolved to there.
#ifndef PREPULL_TEST_SOURCE_SOURCES_FIXTURE_H_
#define PREPULL_TEST_SOURCE_SOURCES_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/status_macros.h"
#include "src/source/source_set.h"
#include "test/support/fake_file_system.h"
#include "test/support/fake_registry.h"
#include "test/support/status_matchers.h"
#include "test/support/tar_builder.h"

namespace prepull {

inline std::vector<std::string> Images(
    const std::vector<ImageRequest>& requests) {
  std::vector<std::string> images;
  for (const ImageRequest& request : requests) images.push_back(request.image);
  return images;
}

inline std::string ReleaseOf(const std::vector<std::string>& names) {
  std::string tags;
  for (const std::string& name : names) {
    absl::StrAppend(&tags, tags.empty() ? "" : ",", R"({"name":")", name,
                    R"(","from":{"name":"quay.io/ocp/)", name, R"(:1"}})");
  }
  return TarBuilder()
      .File("release-manifests/image-references",
            absl::StrCat(R"({"spec":{"tags":[)", tags, "]}}"))
      .Take();
}

inline std::string CatalogOf(const std::string& package,
                             const std::string& name = "c") {
  return TarBuilder()
      .File(absl::StrCat("configs/", package, "/catalog.yaml"),
            absl::StrCat("schema: olm.package\nname: ", package,
                         "\ndefaultChannel: ", name,
                         "\n---\nschema: olm.channel\n"
                         "package: ",
                         package, "\nname: ", name,
                         "\nentries:\n- name: ", package,
                         ".v1\n---\nschema: olm.bundle\npackage: ", package,
                         "\nname: ", package, ".v1\nimage: quay.io/", package,
                         "/bundle:1\nrelatedImages:\n- image: quay.io/",
                         package, "/operand:1\n"))
      .Take();
}

class SourcesTest : public ::testing::Test {
 protected:
  SourcesTest() {
    registry_.Add("quay.io/ocp/release:4",
                  {ReleaseOf({"aws-thing", "cli", "etcd"})});
    registry_.Add("quay.io/index/one:1", {CatalogOf("op")});
    registry_.Add("quay.io/index/two:1", {CatalogOf("other")});
    registry_.tags["quay.io/app"] = {"1.0.0", "1.1.0", "2.0.0", "junk"};
  }

  absl::StatusOr<SourceImages> Resolve() {
    absl::StatusOr<SourceSet> sources = SourceSet::Parse(options_, files_);
    RETURN_IF_ERROR(sources.status());
    RETURN_IF_ERROR(sources->Read(registry_, keep_failures_));
    return std::move(*sources).Images();
  }

  void Put(const std::string& path, const std::string& text) {
    ASSERT_THAT(files_.WriteFileAtomically(path, text), IsOk());
  }

  SourceOptions options_;
  bool keep_failures_ = false;
  FakeFileSystem files_;
  FakeRegistry registry_;
};

}  // namespace prepull

#endif  // PREPULL_TEST_SOURCE_SOURCES_FIXTURE_H_
