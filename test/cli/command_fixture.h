// A command with one flag of each kind.
#ifndef PREPULL_TEST_CLI_COMMAND_FIXTURE_H_
#define PREPULL_TEST_CLI_COMMAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/cli/command.h"
#include "test/support/fake_host.h"

namespace prepull {

inline CommandDoc PackDoc() {
  return {.name = "pack",
          .summary = "pack a bag",
          .about = "Packs a bag.",
          .examples = {"prepull pack --size 4 socks"},
          .exit_codes = {"0  packed"},
          .positional = "[THING...]",
          .positional_text = "what goes in"};
}

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    command_.Group("What");
    command_.Texts({.name = "--list-file", .value = "PATH", .text = "a list"},
                   lists_);
    command_.Text({.name = "--label", .value = "TEXT", .text = "a label"},
                  label_);
    command_.Positionals(things_);
    command_.Group("How");
    command_.Integer({.name = "--size",
                      .short_name = "-s",
                      .value = "N",
                      .text = "how large",
                      .fallback = "1"},
                     1, 64, size_);
    command_.Duration(
        {.name = "--max-wait", .value = "D", .text = "how long to wait for it"},
        wait_);
    command_.Choice({.name = "--colour", .value = "C", .text = "of the bag"},
                    {"red", "green"}, colour_);
    command_.Switch(
        {.name = "--dry-run", .short_name = "-n", .text = "pack nothing"},
        dry_run_);
    command_.Switch({.name = "--quiet", .short_name = "-q", .text = "hush"},
                    quiet_);
  }

  absl::Status Parse(const std::vector<std::string>& words) {
    return command_.Parse(words, host_);
  }

  FakeHost host_;
  std::vector<std::string> lists_;
  std::vector<std::string> things_;
  std::string label_ = "none";
  std::string colour_ = "red";
  absl::Duration wait_ = absl::Seconds(9);
  int size_ = 1;
  bool dry_run_ = false;
  bool quiet_ = false;
  Command command_{PackDoc()};
};

}  // namespace prepull

#endif  // PREPULL_TEST_CLI_COMMAND_FIXTURE_H_
