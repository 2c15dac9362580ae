#include "src/cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"

namespace prepull {
namespace {

// The flag of the command that comes closest to `word`, or "".
std::string ClosestFlag(const std::vector<FlagDoc>& flags,
                        absl::string_view word) {
  std::string closest;
  int best = 3;
  for (const FlagDoc& flag : flags) {
    const int distance = EditDistance(flag.name, word);
    if (distance < best) {
      best = distance;
      closest = flag.name;
    }
  }
  return closest;
}

// What a variable says for `flag`: nothing if it is empty, a value a line if
// the flag is repeatable.
std::vector<std::string> FromVariable(const FlagDoc& flag,
                                      const std::string& text) {
  if (text.empty()) return {};
  if (!flag.is_repeatable) return {text};
  return absl::StrSplit(text, '\n', absl::SkipWhitespace());
}

absl::StatusOr<int> ParseInteger(const std::string& text, int low, int high) {
  int number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= low && number <= high) {
    return number;
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", Printable(text, 64),
                                                 "\" is no whole number from ",
                                                 low, " to ", high));
}

absl::Status UnknownFlag(const std::vector<FlagDoc>& flags,
                         absl::string_view word) {
  const absl::string_view name = word.substr(0, word.find('='));
  std::string text =
      absl::StrCat("unknown flag \"", Printable(name, 128), "\"");
  const std::string closest = ClosestFlag(flags, name);
  if (!closest.empty()) {
    absl::StrAppend(&text, "\nhint: did you mean \"", closest, "\"?");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<bool> ParseSwitch(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(text, 64), "\" is neither true nor false"));
}

std::string EnvironmentName(absl::string_view flag) {
  absl::ConsumePrefix(&flag, "--");
  return absl::StrCat("PREPULL_", absl::AsciiStrToUpper(
                                      absl::StrReplaceAll(flag, {{"-", "_"}})));
}

// CLI11, which splits the words and hands each flag its raw texts.
class Command::Splitter {
 public:
  struct Bound {
    CLI::Option* option;
    std::function<absl::Status(const std::string&)> take;
  };

  Splitter() { app_.set_help_flag(""); }

  // What every flag was given stays text in CLI11: its own conversions and
  // checks have sentences that do not fit ours.
  void Declare(const FlagDoc& flag,
               std::function<absl::Status(const std::string&)> take) {
    const std::string names =
        flag.short_name.empty() ? flag.name
                                : absl::StrCat(flag.short_name, ",", flag.name);
    CLI::Option* option =
        flag.value.empty()
            ? app_.add_flag(names)
            : app_.add_option(names)->expected(1)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    bound_.push_back({option, std::move(take)});
  }

  void Positionals(std::vector<std::string>& words) {
    app_.add_option("IMAGE", words)
        ->expected(0, CLI::detail::expected_max_vector_size);
  }

  absl::Status Split(const std::vector<std::string>& words,
                     const std::vector<FlagDoc>& flags) {
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::ExtrasError&) {
      const std::vector<std::string> extras = app_.remaining();
      if (!extras.empty() && extras[0].size() > 1 && extras[0][0] == '-') {
        return UnknownFlag(flags, extras[0]);
      }
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected word \"",
                       extras.empty() ? "" : Printable(extras[0], 128), "\""));
    } catch (const CLI::ArgumentMismatch& error) {
      // "--node: 1 required  missing"
      const std::string text = error.what();
      return absl::InvalidArgumentError(
          absl::StrCat(Printable(text.substr(0, text.find(':')), 128),
                       ": value is missing"));
    } catch (const CLI::ParseError& error) {
      return absl::InvalidArgumentError(Printable(error.what(), 512));
    }
    return absl::OkStatus();
  }

  // The texts flag number `i` was given, in their order.
  std::vector<std::string> Given(size_t i) const {
    return bound_[i].option->results();
  }

  absl::Status Take(size_t i, const std::string& text) const {
    return bound_[i].take(text);
  }

 private:
  CLI::App app_;
  std::vector<Bound> bound_;
};

Command::Command(CommandDoc doc)
    : doc_(std::move(doc)), splitter_(std::make_unique<Splitter>()) {}

Command::~Command() = default;

void Command::Declare(FlagDoc flag,
                      std::function<absl::Status(const std::string&)> take) {
  if (flag.group.empty()) flag.group = group_;
  splitter_->Declare(flag, std::move(take));
  flags_.push_back(std::move(flag));
}

void Command::Text(const FlagDoc& flag, std::string& value) {
  Declare(flag, [&value](const std::string& text) {
    value = text;
    return absl::OkStatus();
  });
}

void Command::Texts(const FlagDoc& flag, std::vector<std::string>& values) {
  FlagDoc repeatable = flag;
  repeatable.is_repeatable = true;
  Declare(repeatable, [&values](const std::string& text) {
    values.push_back(text);
    return absl::OkStatus();
  });
}

void Command::Duration(const FlagDoc& flag, absl::Duration& value) {
  Declare(flag, [&value](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseDuration(text));
    return absl::OkStatus();
  });
}

void Command::Integer(const FlagDoc& flag, int low, int high, int& value) {
  Declare(flag, [&value, low, high](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseInteger(text, low, high));
    return absl::OkStatus();
  });
}

void Command::Integer(const FlagDoc& flag, int low, int high,
                      std::optional<int>& value) {
  Declare(flag, [&value, low, high](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseInteger(text, low, high));
    return absl::OkStatus();
  });
}

void Command::Custom(const FlagDoc& flag,
                     std::function<absl::Status(const std::string&)> parse) {
  Declare(flag, std::move(parse));
}

void Command::Choice(FlagDoc flag, const std::vector<std::string>& choices,
                     std::string& value) {
  flag.choices = choices;
  Declare(flag, [&value, choices](const std::string& text) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", Printable(text, 64), "\" is none of ",
                       absl::StrJoin(choices, ", ")));
    }
    value = text;
    return absl::OkStatus();
  });
}

void Command::Switch(const FlagDoc& flag, bool& value) {
  Declare(flag, [&value](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseSwitch(text));
    return absl::OkStatus();
  });
}

void Command::Positionals(std::vector<std::string>& words) {
  splitter_->Positionals(words);
}

absl::Status Command::Parse(const std::vector<std::string>& words,
                            const Host& host) {
  RETURN_IF_ERROR(ParseWords(words));
  if (wants_help_) return absl::OkStatus();
  for (size_t i = 0; i < flags_.size(); ++i) {
    if (!splitter_->Given(i).empty()) continue;
    RETURN_IF_ERROR(TakeVariable(i, host));
  }
  return absl::OkStatus();
}

absl::Status Command::ParseWords(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "-h" || word == "--help") wants_help_ = true;
    if (word == "--all") wants_all_flags_ = true;
    // CLI11 would take the next word for the value.
    if (absl::StartsWith(word, "--") && word.find('=') == word.size() - 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(word.substr(0, word.size() - 1), ": value is missing"));
    }
  }
  if (wants_help_) return absl::OkStatus();
  RETURN_IF_ERROR(splitter_->Split(words, flags_));
  for (size_t i = 0; i < flags_.size(); ++i) {
    for (const std::string& text : splitter_->Given(i)) {
      RETURN_IF_ERROR(Annotate(splitter_->Take(i, text), flags_[i].name));
    }
  }
  return absl::OkStatus();
}

std::string Command::Glimpse(const std::string& flag,
                             const std::vector<std::string>& words,
                             const Host& host) const {
  const bool is_switch =
      std::any_of(flags_.begin(), flags_.end(), [&flag](const FlagDoc& each) {
        return each.name == flag && each.value.empty();
      });
  std::string text = host.Environment(EnvironmentName(flag)).value_or("");
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    absl::string_view word = words[i];
    if (word == flag && is_switch) text = "true";
    if (word == flag && !is_switch && i + 1 < words.size()) text = words[++i];
    if (absl::ConsumePrefix(&word, flag + "=")) text = std::string(word);
  }
  return text;
}

std::vector<FlagDoc> Command::GivenFlags() const {
  std::vector<FlagDoc> given;
  for (size_t i = 0; i < flags_.size(); ++i) {
    if (!splitter_->Given(i).empty()) given.push_back(flags_[i]);
  }
  return given;
}

absl::Status Command::TakeVariable(size_t i, const Host& host) {
  const std::string name = EnvironmentName(flags_[i].name);
  const std::string value = host.Environment(name).value_or("");
  for (const std::string& text : FromVariable(flags_[i], value)) {
    RETURN_IF_ERROR(Annotate(splitter_->Take(i, text), name));
  }
  return absl::OkStatus();
}

}  // namespace prepull
