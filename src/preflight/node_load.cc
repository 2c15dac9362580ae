#include "prepull/preflight/node_load.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

// A line of a machine with 1,000 CPUs is one of thousands.
constexpr int64_t kMaxProcBytes = 4 << 20;
// Of hundredths of a second on each CPU.
constexpr absl::Duration kSample = absl::Milliseconds(500);
constexpr size_t kMaxShown = 256;

// Since the node started, in the kernel's units.
struct CpuTimes {
  int64_t busy = 0;
  int64_t all = 0;
};

// The numbers of the line that begins with `key`, without other words.
absl::StatusOr<std::vector<int64_t>> NumbersOf(const std::string& path,
                                               absl::string_view key,
                                               FileSystem& files) {
  ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, kMaxProcBytes));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, absl::StrCat(key, " "))) continue;
    std::vector<int64_t> numbers;
    for (const absl::string_view word :
         absl::StrSplit(line, ' ', absl::SkipEmpty())) {
      int64_t number = 0;
      if (absl::SimpleAtoi(word, &number)) numbers.push_back(number);
    }
    return numbers;
  }
  return absl::NotFoundError(absl::StrCat(path, ": no line \"", key, "\""));
}

absl::StatusOr<CpuTimes> ReadCpuTimes(FileSystem& files) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> times,
                   NumbersOf("/proc/stat", "cpu", files));
  // user nice system idle iowait irq softirq steal; those of guests are counted
  // as a user's already.
  if (times.size() < 8) {
    return absl::InvalidArgumentError("/proc/stat: too few times");
  }
  CpuTimes cpu;
  for (size_t i = 0; i < 8; ++i) {
    cpu.all += times[i];
    if (i != 3 && i != 4) cpu.busy += times[i];
  }
  return cpu;
}

absl::StatusOr<double> UsedCpuPercent(FileSystem& files, Clock& clock,
                                      const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const CpuTimes before, ReadCpuTimes(files));
  clock.SleepUntil(clock.Now() + kSample, stop);
  ASSIGN_OR_RETURN(const CpuTimes after, ReadCpuTimes(files));
  // The kernel's counts may go back a little.
  const int64_t all = std::max<int64_t>(after.all - before.all, 1);
  const int64_t busy = std::clamp<int64_t>(after.busy - before.busy, 0, all);
  return 100.0 * static_cast<double>(busy) / static_cast<double>(all);
}

absl::StatusOr<int64_t> KilobytesOf(absl::string_view key, FileSystem& files) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> numbers,
                   NumbersOf("/proc/meminfo", key, files));
  if (numbers.size() == 1 && numbers[0] >= 0) return numbers[0];
  return absl::InvalidArgumentError(
      absl::StrCat("/proc/meminfo: expected a number for ", key));
}

Finding Evaluate(const std::string& check,
                 const absl::StatusOr<double>& used_percent,
                 absl::string_view of_what) {
  if (!used_percent.ok()) {
    return {check, CheckResult::kFailed,
            absl::StrCat("unknown: ", Printable(used_percent.status().message(),
                                                kMaxShown))};
  }
  const std::string used =
      absl::StrFormat("%.1f%% of the node's %s used", *used_percent, of_what);
  if (*used_percent <= kMaxUsedPercent) {
    return {check, CheckResult::kOk, used};
  }
  return {check, CheckResult::kFailed,
          absl::StrCat(used, ", more than ", kMaxUsedPercent, "%")};
}

Finding FindMemory(FileSystem& files) {
  const absl::StatusOr<int64_t> all = KilobytesOf("MemTotal:", files);
  const absl::StatusOr<int64_t> free = KilobytesOf("MemAvailable:", files);
  if (!all.ok()) return Evaluate("mem", all.status(), "");
  if (!free.ok()) return Evaluate("mem", free.status(), "");
  const auto whole = static_cast<double>(std::max<int64_t>(*all, 1));
  return Evaluate("mem", 100.0 * (whole - static_cast<double>(*free)) / whole,
                  HumanBytes(*all * 1024) + " memory");
}

}  // namespace

std::vector<Finding> FindLoad(const LoadItems& items, FileSystem& files,
                              Clock& clock, const std::stop_token& stop) {
  std::vector<Finding> findings;
  if (items.cpu) {
    findings.push_back(
        Evaluate("cpu", UsedCpuPercent(files, clock, stop), "CPUs"));
  }
  if (items.mem) findings.push_back(FindMemory(files));
  return findings;
}

absl::Status CheckLoad(const LoadItems& items, FileSystem& files, Clock& clock,
                       const std::stop_token& stop) {
  std::vector<std::string> failures;
  for (const Finding& finding : FindLoad(items, files, clock, stop)) {
    if (finding.result == CheckResult::kOk) continue;
    failures.push_back(absl::StrCat(finding.check, ": ", finding.detail));
  }
  if (failures.empty()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrJoin(failures, "; "));
}

}  // namespace prepull
