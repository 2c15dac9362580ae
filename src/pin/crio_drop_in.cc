#include "prepull/pin/crio_drop_in.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace prepull {
namespace {

// A basic string of TOML.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) {
      absl::StrAppendFormat(&quoted, "\\u%04X", static_cast<int>(c));
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

// CRI-O compares with whole names, so short ones are written out.
std::string CrioDropIn(const std::vector<ImageRequest>& requests) {
  std::string text =
      "# To pin these images write this to /etc/crio/crio.conf.d/"
      "99-prepull-pinned.conf,\n"
      "# together with the pinned_images of other files there, because the "
      "last file's\n"
      "# list replaces the others, and send SIGHUP to CRI-O 1.28 or later "
      "(systemctl\n"
      "# reload crio); restart an older one.\n"
      "[crio.image]\n"
      "pinned_images = [\n";
  for (const ImageRequest& request : requests) {
    if (!request.reference.ok()) continue;
    absl::StrAppend(&text, "  ", Quoted(request.reference->Normalised()),
                    ",\n");
  }
  return absl::StrCat(text, "]\n");
}

}  // namespace prepull
