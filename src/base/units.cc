#include "prepull/base/units.h"

#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "prepull/base/text.h"

namespace prepull {
namespace {

// Go's time.Duration ends there, and gRPC's deadlines too: int64 nanoseconds.
constexpr absl::Duration kMaxDuration =
    absl::Nanoseconds(std::numeric_limits<int64_t>::max());

// 1000 for "kB", 2^20 for "MiB" and "Mi", 0 for an unknown unit.
double BytesOfUnit(absl::string_view unit) {
  constexpr absl::string_view kPrefixes = "kMGTP";
  absl::ConsumeSuffix(&unit, "B");
  if (unit.empty()) return 1;
  const double base = absl::ConsumeSuffix(&unit, "i") ? 1024 : 1000;
  if (unit == "K") unit = "k";
  const size_t power =
      unit.size() == 1 ? kPrefixes.find(unit[0]) : absl::string_view::npos;
  if (power == absl::string_view::npos) return 0;
  return std::pow(base, static_cast<double>(power + 1));
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  const auto invalid = [text](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid duration \"", Printable(text, 64), "\": ", why));
  };
  absl::Duration d;
  const bool parsed = absl::ParseDuration(text, &d);
  double number = 0;
  if (!parsed && absl::SimpleAtod(text, &number) && std::isfinite(number)) {
    return invalid("missing unit: expected e.g. 30s or 1h30m");
  }
  if (!parsed) return invalid("expected e.g. 30s or 1h30m");
  if (d < absl::ZeroDuration()) return invalid("must not be negative");
  if (d > kMaxDuration) return invalid("longer than 292 years");
  return d;
}

absl::StatusOr<int64_t> ParseBytes(absl::string_view text) {
  const auto invalid = [quoted = Printable(text, 64)](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid size \"", quoted, "\": ", why));
  };
  text = absl::StripAsciiWhitespace(text);
  const size_t digits =
      std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, digits), &number)) {
    return invalid("expected e.g. 35GiB or 40GB");
  }
  const absl::string_view unit =
      absl::StripLeadingAsciiWhitespace(text.substr(digits));
  if (unit.empty()) {
    return invalid("missing unit: expected e.g. 35GiB or 40GB");
  }
  const double factor = BytesOfUnit(unit);
  if (factor == 0) {
    return invalid("expected e.g. 35GiB or 40GB");
  }
  const double bytes = std::ceil(number * factor);
  if (bytes >= std::ldexp(1.0, 63)) {
    return invalid("too large");
  }
  return static_cast<int64_t>(bytes);
}

std::string HumanDuration(absl::Duration d) {
  if (d < absl::Milliseconds(9950)) {  // "10s", not "10.0s"
    return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(d));
  }
  const int64_t seconds = absl::ToInt64Seconds(d + absl::Milliseconds(500));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) {
    return absl::StrFormat("%dm%02ds", seconds / 60, seconds % 60);
  }
  return absl::StrFormat("%dh%02dm", seconds / 3600, seconds / 60 % 60);
}

std::string HumanBytes(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  double amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 999.5 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  const bool one_digit = unit > 0 && amount < 9.95;
  return absl::StrFormat("%.*f%s", one_digit ? 1 : 0, amount, kUnits[unit]);
}

}  // namespace prepull
