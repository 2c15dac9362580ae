#include "src/cli/drop_in.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

constexpr absl::string_view kHost = "/host";
// Both tools have this default.
constexpr char kPullSecret[] = "/var/lib/kubelet/config.json";
// What the node trusts besides the system's certificates.
constexpr char kHostAuthorities[] =
    "/host/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";

// In the order of the kernel's numbers.
constexpr absl::string_view kIoClasses[] = {"none", "realtime", "best-effort",
                                            "idle"};

// Returns a path of the host as the container sees it. People who know that
// write it so already.
std::string OnHost(const std::string& path) {
  if (absl::StartsWith(path, absl::StrCat(kHost, "/"))) return path;
  return absl::StrCat(kHost, absl::StartsWith(path, "/") ? "" : "/", path);
}

// A command line of fetch that grows.
class FetchWords {
 public:
  FetchWords(absl::string_view tool, const Host& host)
      : tool_(tool), host_(host) {}

  void Add(const std::string& flag, absl::string_view value) {
    if (!FromEnvironment(host_, EnvironmentName(flag)).empty()) return;
    call_.words.push_back(absl::StrCat(flag, "=", value));
  }

  void Note(LogLevel level, std::string text) {
    call_.notices.push_back({level, std::move(text)});
  }

  // What both tools do. `secret`: the variable that names the file of
  // credentials on the host.
  void AddNode(const std::string& secret) {
    Add("--cri-socket", "/host/run/crio/crio.sock");
    Add("--host-root", kHost);
    const std::string path = FromEnvironment(host_, secret);
    Add("--docker-config", OnHost(path.empty() ? kPullSecret : path));
    // Neither tool has a limit, and of the Jobs only TALM's has one.
    Add("--overall-timeout", "24h");
  }

  ShellCall Take() && {
    call_.notices.insert(
        call_.notices.begin(),
        {LogLevel::kInfo,
         Printable(absl::StrCat("in place of ", tool_, ": prepull ",
                                absl::StrJoin(call_.words, " ")),
                   2048)});
    return std::move(call_);
  }

 private:
  const absl::string_view tool_;
  const Host& host_;
  ShellCall call_ = {.words = {"fetch"}, .notices = {}};
};

ShellCall TalmCall(const Host& host, FileSystem& files) {
  FetchWords words("TALM's pre-cache", host);
  words.Add("--precache-spec", "/etc/config");
  words.AddNode("pull_secret_path");
  if (files.KindOf(kHostAuthorities).ok()) {
    words.Add("--registry-ca", kHostAuthorities);
  } else {
    words.Note(LogLevel::kWarn,
               absl::StrCat("registries are trusted by this image's own "
                            "certificates only: no ",
                            kHostAuthorities));
  }
  constexpr absl::string_view kLevels[] = {"error", "info", "debug"};
  size_t level = 0;
  if (absl::SimpleAtoi(FromEnvironment(host, "PRE_CACHE_LOG_LEVEL"), &level) &&
      level < std::size(kLevels)) {
    words.Add("--log-level", kLevels[level]);
  }
  return std::move(words).Take();
}

struct Priorities {
  int nice = 0;
  size_t io_class = 0;  // of kIoClasses
  int io_level = 0;
};

// Parses the one line that lifecycle-agent's template makes. Nothing: it is
// another.
std::optional<Priorities> ReadLcaScript(absl::string_view script) {
  const std::vector<std::string> words =
      absl::StrSplit(script, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
  Priorities read;
  const bool has_numbers = words.size() == 10 &&
                           absl::SimpleAtoi(words[2], &read.nice) &&
                           absl::SimpleAtoi(words[5], &read.io_class) &&
                           absl::SimpleAtoi(words[7], &read.io_level);
  if (!has_numbers || read.io_class >= std::size(kIoClasses)) {
    return std::nullopt;
  }
  // The alias that the template uses, and the name.
  const std::string& command = words[9];
  if (command != "ibu-precache-workload" && command != "ibuPrecacheWorkload") {
    return std::nullopt;
  }
  const std::vector<std::string> expected = {
      "nice",   "-n", words[2], "ionice",  "-c",
      words[5], "-n", words[7], "lca-cli", command};
  return words == expected ? std::optional(read) : std::nullopt;
}

ShellCall LcaCall(const Priorities& priorities, const Host& host) {
  FetchWords words("lifecycle-agent's precache", host);
  // Fetch itself reads PRECACHE_SPEC_FILE, MAX_PULL_THREADS and
  // PRECACHE_BEST_EFFORT.
  words.AddNode("PULL_SECRET_PATH");
  words.Add("--status-file",
            "/host/var/lib/lca/workspace/precache_status.json");
  words.Add("--nice", absl::StrCat(priorities.nice));
  words.Add("--ionice-class", kIoClasses[priorities.io_class]);
  words.Add("--ionice-priority", absl::StrCat(priorities.io_level));
  words.Note(LogLevel::kInfo,
             "nice and ionice are prepull's own and do not reach the runtime, "
             "which pulls: MAX_PULL_THREADS slows it down");
  return std::move(words).Take();
}

absl::Status NotUnderstood(const std::vector<std::string>& arguments) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"sh ", Printable(absl::StrJoin(arguments, " "), 256),
      "\": this image has no shell: it understands \"-c "
      "/opt/precache/precache.sh\" (TALM) and \"-c -- 'nice -n N ionice -c N "
      "-n N lca-cli ibu-precache-workload'\" (lifecycle-agent)"));
}

}  // namespace

bool IsShellName(absl::string_view program) {
  const absl::string_view name = program.substr(program.rfind('/') + 1);
  return name == "sh" || name == "bash";
}

absl::StatusOr<ShellCall> ReadShellCall(
    const std::vector<std::string>& arguments, const Host& host,
    FileSystem& files) {
  // A shell takes the words behind "--" as those without it.
  std::vector<std::string> words = arguments;
  if (words.size() == 3 && words[1] == "--") words.erase(words.begin() + 1);
  if (words.size() != 2 || words[0] != "-c") return NotUnderstood(arguments);
  if (words[1] == "/opt/precache/precache.sh") return TalmCall(host, files);
  if (const std::optional<Priorities> read = ReadLcaScript(words[1])) {
    return LcaCall(*read, host);
  }
  return NotUnderstood(arguments);
}

}  // namespace prepull
