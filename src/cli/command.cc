#include "src/cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "prepull/base/status_macros.h"
#include "prepull/base/text.h"
#include "prepull/base/units.h"
#include "src/cli/nearest.h"

namespace prepull {
namespace {

constexpr size_t kMaxMessage = 512;

// Returns the values of `flag` in its environment variable: none if that is
// empty, one per line if the flag is repeatable.
std::vector<std::string> VariableValues(const FlagDoc& flag,
                                        const std::string& text) {
  if (text.empty()) return {};
  if (!flag.is_repeatable) return {text};
  return absl::StrSplit(text, '\n', absl::SkipWhitespace());
}

// A validator of CLI11 that calls `parse`, whose error is its message.
CLI::Validator Parsing(std::function<absl::Status(const std::string&)> parse) {
  const auto check = [parse = std::move(parse)](std::string& text) {
    return std::string(parse(text).message());
  };
  return CLI::Validator(check, "");
}

// Makes CLI11 read numbers as decimal ones; it rejects other texts then.
CLI::Validator Decimal() {
  const auto normalise = [](std::string& text) {
    int64_t number = 0;
    text = absl::SimpleAtoi(text, &number)
               ? std::to_string(number)
               : absl::StrCat("\"", Printable(text, 64), "\"");
    return std::string();
  };
  return CLI::Validator(normalise, "");
}

absl::Status UnknownFlag(const std::vector<FlagDoc>& flags,
                         absl::string_view word) {
  const absl::string_view name = word.substr(0, word.find('='));
  std::string text =
      absl::StrCat("unknown flag \"", Printable(name, 128), "\"");
  std::vector<std::string> names;
  names.reserve(flags.size());
  for (const FlagDoc& flag : flags) names.push_back(flag.name);
  const std::string nearest = Nearest(name, names);
  if (!nearest.empty()) {
    absl::StrAppend(&text, "\nhint: did you mean \"", nearest, "\"?");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

bool IsTrue(const std::string& text) {
  return text == "1" || absl::AsciiStrToLower(text) == "true";
}

std::string EnvironmentName(absl::string_view flag) {
  absl::ConsumePrefix(&flag, "--");
  return absl::StrCat("PREPULL_", absl::AsciiStrToUpper(
                                      absl::StrReplaceAll(flag, {{"-", "_"}})));
}

class Command::Parser {
 public:
  Parser() { app_.set_help_flag(""); }

  // Adds a flag with one value, bound to `value`.
  template <typename Value>
  CLI::Option* Add(const FlagDoc& flag, Value& value) {
    return Added(app_.add_option(Names(flag), value)
                     ->expected(1)
                     ->allow_extra_args(false)
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast));
  }

  // Adds a flag whose raw values are stored by a validator, or by `store`.
  CLI::Option* AddRaw(const FlagDoc& flag, CLI::callback_t store = nullptr) {
    return Added(app_.add_option(Names(flag), std::move(store))
                     ->expected(1)
                     ->allow_extra_args(false)
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }

  CLI::Option* AddSwitch(const FlagDoc& flag, bool& value) {
    return Added(app_.add_flag(Names(flag), value));
  }

  void AddPositionals(std::vector<std::string>& words) {
    app_.add_option("IMAGE", words)
        ->expected(0, CLI::detail::expected_max_vector_size);
  }

  absl::Status Parse(const std::vector<std::string>& words,
                     const std::vector<FlagDoc>& flags) {
    try {
      app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ExtrasError&) {
      return Unexpected(flags);
    } catch (const CLI::ArgumentMismatch& error) {
      // "--node: 1 required  missing"
      const std::string text = error.what();
      return absl::InvalidArgumentError(
          absl::StrCat(Printable(text.substr(0, text.find(':')), 128),
                       ": value is missing"));
    } catch (const CLI::ParseError& error) {
      return absl::InvalidArgumentError(Printable(error.what(), kMaxMessage));
    }
    return absl::OkStatus();
  }

  // Gives flag number `i` the values of its environment variable `name`.
  absl::Status Assign(size_t i, const std::vector<std::string>& values,
                      const std::string& name) {
    CLI::Option& option = *options_[i];
    if (values.empty() || option.count() > 0) return absl::OkStatus();
    try {
      for (const std::string& value : values) option.add_result(value);
      option.run_callback();
    } catch (const CLI::ParseError& error) {
      const std::string message = error.what();
      const absl::string_view why =
          absl::StripPrefix(message, option.get_name());
      return absl::InvalidArgumentError(
          Printable(absl::StrCat(name, why), kMaxMessage));
    }
    return absl::OkStatus();
  }

  bool IsSet(size_t i) const { return options_[i]->count() > 0; }

 private:
  static std::string Names(const FlagDoc& flag) {
    return flag.short_name.empty()
               ? flag.name
               : absl::StrCat(flag.short_name, ",", flag.name);
  }

  CLI::Option* Added(CLI::Option* option) {
    options_.push_back(option);
    return option;
  }

  absl::Status Unexpected(const std::vector<FlagDoc>& flags) const {
    const std::vector<std::string> extras = app_.remaining();
    const std::string word = extras.empty() ? "" : extras[0];
    if (word.size() > 1 && word[0] == '-') return UnknownFlag(flags, word);
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected word \"", Printable(word, 128), "\""));
  }

  CLI::App app_;
  std::vector<CLI::Option*> options_;  // as Command::flags_
};

Command::Command(CommandDoc doc)
    : doc_(std::move(doc)), parser_(std::make_unique<Parser>()) {}

Command::~Command() = default;

void Command::Declare(FlagDoc flag) {
  if (flag.group.empty()) flag.group = group_;
  flags_.push_back(std::move(flag));
}

void Command::Text(const FlagDoc& flag, std::string& value) {
  parser_->Add(flag, value);
  Declare(flag);
}

void Command::Texts(FlagDoc flag, std::vector<std::string>& values) {
  flag.is_repeatable = true;
  // A raw store: CLI11's conversion to a vector gives "{}" a meaning.
  parser_->AddRaw(flag, [&values](const CLI::results_t& texts) {
    values = texts;
    return true;
  });
  Declare(std::move(flag));
}

void Command::Duration(const FlagDoc& flag, absl::Duration& value) {
  Custom(flag, [&value](const std::string& text) {
    ASSIGN_OR_RETURN(value, ParseDuration(text));
    return absl::OkStatus();
  });
}

void Command::Integer(const FlagDoc& flag, int low, int high, int& value) {
  parser_->Add(flag, value)->transform(Decimal())->check(CLI::Range(low, high));
  Declare(flag);
}

void Command::Integer(const FlagDoc& flag, int low, int high,
                      std::optional<int>& value) {
  parser_->Add(flag, value)->transform(Decimal())->check(CLI::Range(low, high));
  Declare(flag);
}

void Command::Custom(const FlagDoc& flag,
                     std::function<absl::Status(const std::string&)> parse) {
  parser_->AddRaw(flag)->check(Parsing(std::move(parse)));
  Declare(flag);
}

void Command::Choice(FlagDoc flag, const std::vector<std::string>& choices,
                     std::string& value) {
  parser_->Add(flag, value)->check(CLI::IsMember(choices));
  flag.choices = choices;
  Declare(std::move(flag));
}

void Command::Choice(FlagDoc flag, const std::vector<std::string>& choices,
                     std::function<void(size_t)> choose) {
  parser_
      ->AddRaw(
          flag,
          [choices, choose = std::move(choose)](const CLI::results_t& texts) {
            choose(std::find(choices.begin(), choices.end(), texts.back()) -
                   choices.begin());
            return true;
          })
      ->check(CLI::IsMember(choices));
  flag.choices = choices;
  Declare(std::move(flag));
}

void Command::Switch(const FlagDoc& flag, bool& value) {
  // CLI11 alone would accept "yes", "on" and any number as well.
  const std::vector<std::string> words = {"true", "false", "1", "0"};
  parser_->AddSwitch(flag, value)
      ->check(CLI::IsMember(words, CLI::ignore_case));
  Declare(flag);
}

void Command::Positionals(std::vector<std::string>& words) {
  parser_->AddPositionals(words);
}

absl::Status Command::Parse(const std::vector<std::string>& words,
                            const Host& host) {
  RETURN_IF_ERROR(ParseWords(words));
  if (wants_help_) return absl::OkStatus();
  for (size_t i = 0; i < flags_.size(); ++i) {
    const std::string name = EnvironmentName(flags_[i].name);
    const std::string text = host.Environment(name).value_or("");
    RETURN_IF_ERROR(parser_->Assign(i, VariableValues(flags_[i], text), name));
  }
  return absl::OkStatus();
}

absl::Status Command::ParseWords(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "-h" || word == "--help") wants_help_ = true;
    if (word == "--all") wants_all_flags_ = true;
    if (absl::StartsWith(word, "--") && word.find('=') == word.size() - 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(word.substr(0, word.size() - 1), ": value is missing"));
    }
  }
  if (wants_help_) return absl::OkStatus();
  return parser_->Parse(words, flags_);
}

std::string Command::Peek(const std::string& flag,
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
    if (parser_->IsSet(i)) given.push_back(flags_[i]);
  }
  return given;
}

}  // namespace prepull
