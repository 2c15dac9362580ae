#include "src/cli/command_context.h"

namespace prepull {
namespace {

LogLevel LevelOf(const LoggingOptions& options) {
  if (options.quiet) return LogLevel::kError;
  if (options.verbose || options.log_level == "debug") return LogLevel::kDebug;
  if (options.log_level == "warn") return LogLevel::kWarn;
  if (options.log_level == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

}  // namespace

void AddLoggingFlags(Command& command, LoggingOptions& options) {
  command.Choice({.name = "--log-level",
                  .value = "LEVEL",
                  .text = "lowest level to log: error, warn, info or debug",
                  .fallback = "info"},
                 {"error", "warn", "info", "debug"}, options.log_level);
  command.Choice({.name = "--log-format",
                  .value = "FORMAT",
                  .text = "log lines as text or as json",
                  .fallback = "text"},
                 {"text", "json"}, options.log_format);
  command.Switch({.name = "--quiet",
                  .short_name = "-q",
                  .text = "log errors only, show no progress"},
                 options.quiet);
  command.Switch(
      {.name = "--verbose", .short_name = "-v", .text = "log at level debug"},
      options.verbose);
}

void StartLogging(const LoggingOptions& options, const CommandContext& context,
                  bool hides_info) {
  LogFormat format = LogFormat::kText;
  if (context.host.IsTerminal(Stream::kErr)) format = LogFormat::kPeople;
  if (options.log_format == "json") format = LogFormat::kJson;
  LogLevel level = LevelOf(options);
  if (hides_info && level == LogLevel::kInfo) level = LogLevel::kWarn;
  StartLog({.level = level,
            .format = format,
            .write = [&console = context.console](absl::string_view line) {
              console.PrintErr(line);
            }});
  for (const Notice& each : context.notices) Log(each.level, each.text);
}

CommandEnd Failed(ExitCode code, const absl::Status& why) {
  if (absl::IsCancelled(why)) code = ExitCode::kStopped;
  return {code, std::string(why.message())};
}

std::string FromEnvironment(const Host& host, const std::string& name) {
  return host.Environment(name).value_or("");
}

}  // namespace prepull
