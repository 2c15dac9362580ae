#include "src/registry/node_files.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/log.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "src/registry/hosts_toml.h"
#include "src/registry/registries_conf.h"

namespace prepull {
namespace {

// A rule for each of a thousand repositories has a fifth of it.
constexpr int64_t kMaxConfBytes = 1 << 20;
constexpr int64_t kMaxCertificateBytes = 1 << 20;
constexpr size_t kMaxNames = 1000;  // of one folder
// Of all files together.
constexpr int kMaxFiles = 5000;
constexpr int kMaxWarnings = 20;
constexpr int64_t kMaxBytes = 16 << 20;

constexpr char kConf[] = "/etc/containers/registries.conf";
constexpr char kHosts[] = "/etc/containerd/certs.d";

// Returns "host:5000" for containerd's "host_5000_", too.
std::string RegistryOf(absl::string_view folder) {
  const std::vector<absl::string_view> parts = absl::StrSplit(folder, '_');
  if (parts.size() != 3 || parts[0].empty() || !parts[2].empty()) {
    return std::string(folder);
  }
  return absl::StrCat(parts[0], ":", parts[1]);
}

// One call of ReadNodeRegistries.
class NodeFiles {
 public:
  NodeFiles(FileSystem& files, const std::string& host_root)
      : files_(files),
        root_(host_root),
        shown_root_(absl::StripSuffix(host_root, "/")) {}

  NodeRegistries Read() {
    AddConf(kConf);
    const std::string folder = absl::StrCat(kConf, ".d");
    for (const std::string& name : NamesIn(folder)) {
      if (absl::EndsWith(name, ".conf")) {
        AddConf(absl::StrCat(folder, "/", name));
      }
    }
    for (const char* certificates :
         {"/etc/containers/certs.d", "/etc/docker/certs.d"}) {
      for (const std::string& registry : NamesIn(certificates)) {
        if (!has_certificates_.insert(registry).second) continue;
        AddCertificates(registry, absl::StrCat(certificates, "/", registry));
      }
    }
    for (const std::string& name : NamesIn(kHosts)) {
      AddHosts(RegistryOf(name), absl::StrCat(kHosts, "/", name));
    }
    return std::move(node_);
  }

 private:
  // Returns the names in a folder, sorted; none if it is not there.
  std::vector<std::string> NamesIn(const std::string& folder) {
    absl::StatusOr<std::vector<std::string>> names =
        files_.ListFolderIn(root_, folder);
    if (!names.ok()) {
      if (!absl::IsNotFound(names.status())) Warn(Named(names.status()));
      return {};
    }
    if (names->size() > kMaxNames) {
      Warn(absl::ResourceExhaustedError(
          absl::StrCat(shown_root_, folder, ": more than ", kMaxNames,
                       " names: the rest is left out")));
      names->resize(kMaxNames);
    }
    return *std::move(names);
  }

  // Returns the text of a file. Errors: RESOURCE_EXHAUSTED  too much was read.
  absl::StatusOr<std::string> Read(const std::string& path, int64_t limit) {
    if (++files_read_ > kMaxFiles || bytes_read_ > kMaxBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, ": left out: too many or too large files"));
    }
    absl::StatusOr<std::string> text = files_.ReadFileIn(root_, path, limit);
    if (text.ok()) bytes_read_ += static_cast<int64_t>(text->size());
    return text;
  }

  void AddConf(const std::string& path) {
    absl::StatusOr<std::string> text = Read(path, kMaxConfBytes);
    if (absl::IsNotFound(text.status())) return;
    if (!text.ok()) return Warn(Named(text.status()));
    const absl::StatusOr<std::vector<RegistryRule>> rules =
        ParseRegistriesConf(*text, absl::StrCat(shown_root_, path));
    if (!rules.ok()) return Warn(rules.status());
    node_.Add(*rules);
  }

  void AddCertificates(const std::string& registry, const std::string& folder) {
    for (const std::string& name : NamesIn(folder)) {
      const std::string path = absl::StrCat(folder, "/", name);
      if (absl::EndsWith(name, ".cert")) {
        Warn(absl::UnimplementedError(absl::StrCat(
            shown_root_, path, ": client certificates are not supported")));
      }
      if (!absl::EndsWith(name, ".crt")) continue;
      std::optional<CaFile> ca = Certificates(path);
      if (ca.has_value()) node_.Trust(registry, *std::move(ca));
    }
  }

  // containerd's folder of a registry: certificates count where they stand
  // alone.
  void AddHosts(const std::string& registry, const std::string& folder) {
    const std::string path = absl::StrCat(folder, "/hosts.toml");
    const absl::StatusOr<std::string> text = Read(path, kMaxConfBytes);
    if (absl::IsNotFound(text.status())) {
      return AddCertificates(registry, folder);
    }
    if (!text.ok()) return Warn(Named(text.status()));
    absl::StatusOr<RegistryRule> rule =
        ParseHostsToml(*text, absl::StrCat(shown_root_, path));
    if (!rule.ok()) return Warn(rule.status());
    ReadCertificates(folder, rule->own);
    for (RegistryEndpoint& mirror : rule->mirrors) {
      ReadCertificates(folder, mirror);
    }
    node_.AddRegistry(registry, *std::move(rule));
  }

  // Reads the files that `endpoint` names.
  void ReadCertificates(const std::string& folder, RegistryEndpoint& endpoint) {
    for (const CaFile& named : std::exchange(endpoint.ca, {})) {
      const bool is_absolute = absl::StartsWith(named.path, "/");
      std::optional<CaFile> ca = Certificates(absl::StrCat(
          is_absolute ? "" : folder, is_absolute ? "" : "/", named.path));
      if (ca.has_value()) endpoint.ca.push_back(*std::move(ca));
    }
  }

  std::optional<CaFile> Certificates(const std::string& path) {
    const std::string shown = absl::StrCat(shown_root_, path);
    absl::StatusOr<std::string> pem = Read(path, kMaxCertificateBytes);
    if (pem.ok() && !absl::StrContains(*pem, "-----BEGIN CERTIFICATE-----")) {
      pem = absl::InvalidArgumentError(
          absl::StrCat(path, ": no PEM certificates found"));
    }
    if (pem.ok()) return CaFile{shown, *std::move(pem)};
    Warn(Named(pem.status()));
    return std::nullopt;
  }

  // A broken tree must not fill the log.
  void Warn(const absl::Status& why) {
    if (++warnings_ > kMaxWarnings) return;
    Log(LogLevel::kWarn, "registries are asked without a file of the node",
        {{"error", Printable(why.message(), 500)}});
  }

  // The file system names the file as the host does.
  absl::Status Named(const absl::Status& error) const {
    return WithMessage(error, absl::StrCat(shown_root_, error.message()));
  }

  FileSystem& files_;
  const std::string root_;
  const std::string shown_root_;
  NodeRegistries node_;
  std::set<std::string> has_certificates_;
  int files_read_ = 0;
  int warnings_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace

NodeRegistries ReadNodeRegistries(FileSystem& files,
                                  const std::string& host_root) {
  return NodeFiles(files, host_root).Read();
}

}  // namespace prepull
