// An image as the fake runtime holds it.
#ifndef PREPULL_TEST_SUPPORT_CRI_STORED_IMAGE_H_
#define PREPULL_TEST_SUPPORT_CRI_STORED_IMAGE_H_

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cri/image_service.pb.h"
#include "prepull/image/reference.h"

namespace prepull {

// A digest's text; of its name, as nobody looks behind it.
inline std::string DigestOf(const std::string& name) {
  const size_t hash = std::hash<std::string>()(name);
  return absl::StrFormat("sha256:%064x", hash);
}

// How a node that has pulled `image` lists it.
inline ::runtime::v1::Image StoredAs(const std::string& image) {
  const std::string name = Reference::Parse(image)->Normalised();
  const std::string repository = name.substr(0, name.find('@'));
  ::runtime::v1::Image stored;
  stored.set_id(DigestOf(name));
  stored.set_size(1000);
  if (absl::StrContains(name, "@")) {
    stored.add_repo_digests(name);
  } else {
    stored.add_repo_tags(name);
    stored.add_repo_digests(absl::StrCat(
        repository.substr(0, repository.rfind(':')), "@", stored.id()));
  }
  return stored;
}

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_STORED_IMAGE_H_
