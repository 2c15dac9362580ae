// yaml-cpp throws; its exceptions are caught here. Nodes are const, since
// reading a mutable one changes it.
#include "prepull/kube/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prepull/base/label.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/http/url.h"

namespace prepull {
namespace {

constexpr int64_t kMaxKubeconfigBytes = 1 << 20;
constexpr size_t kMaxEntries = 10'000;

// What would be done otherwise than the file says.
struct Unsupported {
  const char* key;
  const char* why;
};
constexpr Unsupported kOfClusters[] = {
    {"proxy-url", "a proxy is not supported"},
};
constexpr char kPlugins[] =
    "credential plugins are not supported: use a client certificate, token or "
    "tokenFile";
constexpr char kPasswords[] =
    "passwords are not supported: use a client certificate, token or tokenFile";
constexpr char kImpersonation[] = "impersonation is not supported";
constexpr Unsupported kOfUsers[] = {
    {"exec", kPlugins},
    {"auth-provider", kPlugins},
    {"username", kPasswords},
    {"password", kPasswords},
    {"as", kImpersonation},
    {"as-uid", kImpersonation},
    {"as-groups", kImpersonation},
    {"as-user-extra", kImpersonation},
};

// A map of the file, and what messages call it.
class Section {
 public:
  Section(const YAML::Node& node, std::string place)
      : node_(node), place_(std::move(place)) {}

  bool has(const char* key) const {
    return node_.IsMap() && node_[key].IsDefined() && !node_[key].IsNull();
  }
  // "prod.yaml: clusters[a].cluster.server".
  std::string PlaceOf(absl::string_view key) const {
    return absl::StrCat(place_, key);
  }
  absl::Status Invalid(absl::string_view key, absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(PlaceOf(key), ": ", why));
  }

  // A printable line; "" if it is not set.
  absl::StatusOr<std::string> Text(const char* key) const {
    if (!has(key)) return std::string();
    const YAML::Node value = node_[key];
    const bool is_line =
        value.IsScalar() && Printable(value.Scalar(), 65536) == value.Scalar();
    if (is_line) return value.Scalar();
    return Invalid(key, "expected a line of text");
  }
  absl::StatusOr<std::string> RequiredText(const char* key) const {
    ASSIGN_OR_RETURN(std::string text, Text(key));
    if (text.empty()) return Invalid(key, "missing");
    return text;
  }

  // Base64.
  absl::StatusOr<KubeText> Data(const char* key) const {
    if (!has(key)) return KubeText();
    const YAML::Node value = node_[key];
    std::string data;
    if (!value.IsScalar() || !absl::Base64Unescape(value.Scalar(), &data)) {
      return Invalid(key, "expected base64");
    }
    return KubeText{.place = PlaceOf(key), .text = std::move(data)};
  }

  template <size_t N>
  absl::Status Refuse(const Unsupported (&rows)[N]) const {
    for (const Unsupported& row : rows) {
      if (has(row.key)) return Invalid(row.key, row.why);
    }
    return absl::OkStatus();
  }

  // The map under the key `kind` of the item of `list` that has that name.
  absl::StatusOr<Section> Entry(const char* list, const std::string& name,
                                const char* kind) const {
    const std::string place = absl::StrCat(list, "[", name, "]");
    if (!has(list) || !node_[list].IsSequence()) {
      return Invalid(list, "expected a list");
    }
    const YAML::Node items = node_[list];
    for (size_t i = 0; i < items.size() && i < kMaxEntries; ++i) {
      const YAML::Node item = items[i];
      const Section entry(item, PlaceOf(place + "."));
      const absl::StatusOr<std::string> own = entry.Text("name");
      if (!own.ok() || *own != name) continue;
      if (!entry.has(kind) || !item[kind].IsMap()) {
        return entry.Invalid(kind, "expected a map");
      }
      return Section(item[kind], entry.PlaceOf(absl::StrCat(kind, ".")));
    }
    return Invalid(place, "there is none of that name");
  }

  // Whether `key` is anything but false.
  bool IsOn(const char* key) const {
    if (!has(key)) return false;
    bool value = true;
    return !YAML::convert<bool>::decode(node_[key], value) || value;
  }

 private:
  const YAML::Node node_;
  const std::string place_;
};

class KubeconfigReader {
 public:
  explicit KubeconfigReader(const std::string& path)
      : path_(path), folder_(path.substr(0, path.rfind('/') + 1)) {}

  absl::StatusOr<Kubeconfig> Read(const YAML::Node& top) {
    const Section all(top, absl::StrCat(Printable(path_, 1024), ": "));
    ASSIGN_OR_RETURN(const std::string name,
                     all.RequiredText("current-context"));
    ASSIGN_OR_RETURN(const Section context,
                     all.Entry("contexts", name, "context"));
    ASSIGN_OR_RETURN(const std::string cluster_name,
                     context.RequiredText("cluster"));
    ASSIGN_OR_RETURN(const std::string user_name, context.RequiredText("user"));
    ASSIGN_OR_RETURN(const Section cluster,
                     all.Entry("clusters", cluster_name, "cluster"));
    ASSIGN_OR_RETURN(const Section user, all.Entry("users", user_name, "user"));
    Kubeconfig config;
    RETURN_IF_ERROR(ReadNamespaceOf(context, config));
    RETURN_IF_ERROR(ReadCluster(cluster, config.server));
    RETURN_IF_ERROR(ReadUser(user, config.server));
    return config;
  }

 private:
  static absl::Status ReadNamespaceOf(const Section& context,
                                      Kubeconfig& config) {
    ASSIGN_OR_RETURN(std::string name, context.Text("namespace"));
    if (name.empty()) return absl::OkStatus();
    if (!IsDnsSubdomain(name)) {
      return context.Invalid("namespace", "expected the name of a namespace");
    }
    config.object_namespace = std::move(name);
    return absl::OkStatus();
  }

  absl::Status ReadCluster(const Section& cluster, ApiServer& server) const {
    RETURN_IF_ERROR(cluster.Refuse(kOfClusters));
    if (cluster.IsOn("insecure-skip-tls-verify")) {
      return cluster.Invalid("insecure-skip-tls-verify",
                             "a server that anybody may be is not asked: give "
                             "its certificate-authority");
    }
    ASSIGN_OR_RETURN(const std::string url, cluster.RequiredText("server"));
    const absl::StatusOr<Url> parsed = ParseUrl(url);
    const bool is_plain = parsed.ok() && parsed->is_secure &&
                          url.find_first_of("?#") == std::string::npos;
    if (!is_plain) return cluster.Invalid("server", "expected an https URL");
    server.url = std::string(absl::StripSuffix(url, "/"));
    ASSIGN_OR_RETURN(server.server_name, cluster.Text("tls-server-name"));
    ASSIGN_OR_RETURN(server.ca,
                     DataOrFile(cluster, "certificate-authority-data",
                                "certificate-authority"));
    return absl::OkStatus();
  }

  absl::Status ReadUser(const Section& user, ApiServer& server) const {
    RETURN_IF_ERROR(user.Refuse(kOfUsers));
    ASSIGN_OR_RETURN(
        server.certificate,
        DataOrFile(user, "client-certificate-data", "client-certificate"));
    ASSIGN_OR_RETURN(server.key,
                     DataOrFile(user, "client-key-data", "client-key"));
    if (server.certificate.is_set() != server.key.is_set()) {
      return user.Invalid(
          server.key.is_set() ? "client-certificate" : "client-key", "missing");
    }
    ASSIGN_OR_RETURN(server.token, File(user, "tokenFile"));
    if (!server.token.is_set()) {
      ASSIGN_OR_RETURN(std::string token, user.Text("token"));
      if (!token.empty()) server.token = {user.PlaceOf("token"), token};
    }
    if (server.token.is_set() || server.key.is_set()) return absl::OkStatus();
    return user.Invalid(
        "token", "missing, and there is no client-certificate or tokenFile");
  }

  absl::StatusOr<KubeText> DataOrFile(const Section& section,
                                      const char* data_key,
                                      const char* file_key) const {
    ASSIGN_OR_RETURN(KubeText data, section.Data(data_key));
    if (data.is_set() && !data.text->empty()) return data;
    return File(section, file_key);
  }

  absl::StatusOr<KubeText> File(const Section& section, const char* key) const {
    ASSIGN_OR_RETURN(const std::string path, section.Text(key));
    if (path.empty()) return KubeText();
    const bool is_absolute = absl::StartsWith(path, "/");
    return KubeText{.place = is_absolute ? path : folder_ + path};
  }

  const std::string& path_;
  const std::string folder_;  // with its "/"; "" = the current one
};

}  // namespace

absl::StatusOr<Kubeconfig> ParseKubeconfig(const std::string& text,
                                           const std::string& path) {
  try {
    return KubeconfigReader(path).Read(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(Printable(path, 1024), ":", error.mark.line + 1,
                     ": invalid YAML: ", Printable(error.msg, 200)));
  }
}

absl::StatusOr<Kubeconfig> ReadKubeconfig(const std::string& path,
                                          FileSystem& files) {
  ASSIGN_OR_RETURN(const std::string text,
                   files.ReadFile(path, kMaxKubeconfigBytes));
  return ParseKubeconfig(text, path);
}

}  // namespace prepull
