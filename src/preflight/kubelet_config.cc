// yaml-cpp throws; its exceptions are caught here. Nodes are const, since
// reading a mutable one changes it.
#include "prepull/preflight/kubelet_config.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr char kKubeletKind[] = "KubeletConfiguration";
constexpr char kVerifyGate[] = "KubeletEnsureSecretPulledImages";

// Of all files of a place; usual are 5 kB. In the worst of texts each byte
// takes yaml-cpp half a kilobyte and ten microseconds.
constexpr int64_t kMaxKubeletBytes = 128 << 10;
constexpr size_t kMaxAllowed = 10'000;
constexpr int kMaxDropIns = 100;
constexpr int kMaxDropInFolders = 5;  // one inside the other

// Where a distribution's kubelet has its configuration.
struct KubeletPlace {
  const char* file;  // "" = drop-ins only
  const char* drop_ins = "";
};

constexpr KubeletPlace kKubeletPlaces[] = {
    // kubeadm, kind; the drop-ins are those of Kubernetes' own documentation.
    {"/var/lib/kubelet/config.yaml", "/etc/kubernetes/kubelet.conf.d"},
    // OpenShift. kubeadm has a kubeconfig under this name.
    {"/etc/kubernetes/kubelet.conf", "/etc/openshift/kubelet.conf.d"},
    {"/var/lib/microshift/resources/kubelet/config/config.yaml"},
    // EKS.
    {"/etc/kubernetes/kubelet/config.json",
     "/etc/kubernetes/kubelet/config.json.d"},
    // GKE.
    {"/home/kubernetes/kubelet-config.yaml"},
    {"", "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d"},
    {"", "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d"},
};

// "12: why", of a line that counts from 0, -1 = unknown.
absl::Status InvalidAt(int line, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(line + 1, ": ", why));
}

bool IsKubeletConfig(const YAML::Node& top) {
  if (!top.IsMap()) return false;
  const YAML::Node kind = top["kind"];
  return kind.IsDefined() && kind.IsScalar() && kind.Scalar() == kKubeletKind;
}

absl::Status AddPolicy(const YAML::Node& node, KubeletConfig& config) {
  if (node.IsNull()) {
    config.policy = "";
    return absl::OkStatus();
  }
  if (!node.IsScalar()) {
    return InvalidAt(node.Mark().line,
                     "imagePullCredentialsVerificationPolicy: expected a "
                     "string");
  }
  config.policy = node.Scalar();
  return absl::OkStatus();
}

absl::Status AddAllowlist(const YAML::Node& node, KubeletConfig& config) {
  config.allowlist.clear();
  if (node.IsNull()) return absl::OkStatus();
  const bool is_list = node.IsSequence() && node.size() <= kMaxAllowed;
  for (size_t i = 0; is_list && i < node.size(); ++i) {
    const YAML::Node item = node[i];
    if (item.IsScalar()) config.allowlist.push_back(item.Scalar());
  }
  if (is_list && config.allowlist.size() == node.size()) {
    return absl::OkStatus();
  }
  return InvalidAt(node.Mark().line,
                   absl::StrCat("preloadedImagesVerificationAllowlist: "
                                "expected a list of at most ",
                                kMaxAllowed, " strings"));
}

absl::Status AddGates(const YAML::Node& node, KubeletConfig& config) {
  if (node.IsNull()) {
    config.verifies.reset();
    return absl::OkStatus();
  }
  if (!node.IsMap()) {
    return InvalidAt(node.Mark().line, "featureGates: expected a map");
  }
  const YAML::Node gate = node[kVerifyGate];
  if (!gate.IsDefined()) return absl::OkStatus();
  bool value = false;
  if (gate.IsNull()) {
    config.verifies.reset();
  } else if (gate.IsScalar() && YAML::convert<bool>::decode(gate, value)) {
    config.verifies = value;
  } else {
    return InvalidAt(
        gate.Mark().line,
        absl::StrCat("featureGates.", kVerifyGate, ": expected true or false"));
  }
  return absl::OkStatus();
}

// Lays what `top` says over `config`, as a JSON merge patch does: what it does
// not name stays, and null takes back. Returns whether it said anything.
absl::StatusOr<bool> AddSettings(const YAML::Node& top, KubeletConfig& config) {
  struct Setting {
    const char* key;
    absl::Status (*add)(const YAML::Node& node, KubeletConfig& config);
  };
  constexpr Setting kSettings[] = {
      {"imagePullCredentialsVerificationPolicy", AddPolicy},
      {"preloadedImagesVerificationAllowlist", AddAllowlist}};
  bool says = false;
  for (const Setting& setting : kSettings) {
    const YAML::Node node = top[setting.key];
    if (!node.IsDefined()) continue;
    RETURN_IF_ERROR(setting.add(node, config));
    says = true;
  }
  const YAML::Node gates = top["featureGates"];
  if (!gates.IsDefined()) return says;
  RETURN_IF_ERROR(AddGates(gates, config));
  return says || (gates.IsMap() && gates[kVerifyGate].IsDefined());
}

enum class Said { kNotForKubelet, kNothing, kSomething };

absl::StatusOr<Said> AddText(const std::string& text, KubeletConfig& config) {
  try {
    const YAML::Node top = YAML::Load(text);
    if (!IsKubeletConfig(top)) return Said::kNotForKubelet;
    ASSIGN_OR_RETURN(const bool says, AddSettings(top, config));
    return says ? Said::kSomething : Said::kNothing;
  } catch (const YAML::Exception& error) {
    return InvalidAt(error.mark.line,
                     absl::StrCat("invalid YAML: ", Printable(error.msg, 200)));
  }
}

// One place of ReadKubeletConfigs.
class KubeletFiles {
 public:
  KubeletFiles(FileSystem& files, const std::string& host_root)
      : files_(files),
        root_(host_root),
        shown_root_(absl::StripSuffix(host_root, "/")) {}

  // Returns what the files of `place` say, or nothing if they are not there.
  absl::StatusOr<std::optional<KubeletConfig>> Read(const KubeletPlace& place) {
    if (*place.file != '\0') {
      const absl::StatusOr<Said> said = AddFile(place.file);
      if (IsAbsent(said.status())) return std::nullopt;
      RETURN_IF_ERROR(said.status());
      if (*said == Said::kNotForKubelet) return std::nullopt;
    }
    if (*place.drop_ins != '\0') {
      RETURN_IF_ERROR(AddFolder(place.drop_ins, 1));
    }
    if (config_.path.empty()) return std::nullopt;
    return std::move(config_);
  }

 private:
  // Adds the files *.conf below `folder`, in the order of their names, the
  // later the stronger, and those of folders among them. None is there: OK.
  absl::Status AddFolder(const std::string& folder, int depth) {
    const absl::StatusOr<std::vector<FolderEntry>> entries =
        files_.ListEntriesIn(root_, {.path = folder});
    if (IsAbsent(entries.status())) return absl::OkStatus();
    if (!entries.ok()) return Named(entries.status());
    for (const FolderEntry& entry : *entries) {
      const std::string path = absl::StrCat(folder, "/", entry.name);
      const bool is_folder = entry.kind == FileKind::kFolder;
      if (!is_folder && !absl::EndsWith(entry.name, ".conf")) continue;
      if (++added_ > kMaxDropIns || depth > kMaxDropInFolders) {
        return absl::ResourceExhaustedError(
            absl::StrCat(shown_root_, path, ": too many drop-ins"));
      }
      RETURN_IF_ERROR(is_folder ? AddFolder(path, depth + 1) : AddDropIn(path));
    }
    return absl::OkStatus();
  }

  absl::Status AddDropIn(const std::string& path) {
    ASSIGN_OR_RETURN(const Said said, AddFile(path));
    if (said != Said::kNotForKubelet) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(shown_root_, path, ": expected kind ", kKubeletKind));
  }

  absl::StatusOr<Said> AddFile(const std::string& path) {
    const absl::StatusOr<std::string> text =
        files_.ReadFileIn(root_, path, kMaxKubeletBytes - bytes_read_);
    if (!text.ok()) return Named(text.status());
    bytes_read_ += static_cast<int64_t>(text->size());
    const std::string shown = absl::StrCat(shown_root_, path);
    const absl::StatusOr<Said> said = AddText(*text, config_);
    if (!said.ok()) {
      return WithMessage(said.status(),
                         absl::StrCat(shown, ":", said.status().message()));
    }
    const bool is_first = config_.path.empty() && *said != Said::kNotForKubelet;
    if (is_first || *said == Said::kSomething) config_.path = shown;
    return *said;
  }

  // Also where a folder of the path is a file: distributions differ.
  static bool IsAbsent(const absl::Status& status) {
    return absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
  }

  // The file system names the file as the host does.
  absl::Status Named(const absl::Status& error) const {
    return WithMessage(error, absl::StrCat(shown_root_, error.message()));
  }

  FileSystem& files_;
  const std::string root_;
  const std::string shown_root_;
  KubeletConfig config_;
  int added_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace

std::vector<absl::StatusOr<KubeletConfig>> ReadKubeletConfigs(
    FileSystem& files, const std::string& host_root) {
  std::vector<absl::StatusOr<KubeletConfig>> configs;
  for (const KubeletPlace& place : kKubeletPlaces) {
    absl::StatusOr<std::optional<KubeletConfig>> config =
        KubeletFiles(files, host_root).Read(place);
    if (!config.ok()) {
      configs.emplace_back(config.status());
    } else if (config->has_value()) {
      configs.emplace_back(**std::move(config));
    }
  }
  return configs;
}

}  // namespace prepull
