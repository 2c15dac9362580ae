// What the end-to-end tests stand on: a fake runtime, a folder for the files
// of one test, and `prepull fetch` against both.
#ifndef PREPULL_TEST_SUPPORT_CRI_E2E_TEST_BASE_H_
#define PREPULL_TEST_SUPPORT_CRI_E2E_TEST_BASE_H_

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "test/support/cri/fake_cri_server.h"
#include "test/support/cri/file_wait.h"
#include "test/support/cri/json_text.h"
#include "test/support/cri/prepull_process.h"
#include "test/support/temp_folder.h"

namespace prepull {

class E2eTest : public testing::Test {
 protected:
  // A pull that runs until it is released or cancelled.
  static FakeCriServer::Attempt Forever() {
    return {.takes = absl::InfiniteDuration()};
  }
  static FakeCriServer::Attempt MissingImage() {
    return {.result = absl::NotFoundError(
                "rpc error: code = NotFound desc = failed to pull and unpack "
                "image: quay.io/a:gone: not found")};
  }
  static FakeCriServer::Attempt DiskFull() {
    return {.result = absl::UnknownError(
                "failed to extract layer: no space left on device")};
  }

  // Arguments of a fetch with our socket and status file.
  std::vector<std::string> FetchWords(std::vector<std::string> words) const {
    words.insert(words.begin(), {"fetch", "--cri-socket", server_.socket(),
                                 "--status-file", status_path()});
    return words;
  }
  ProcessSetup FetchSetup(std::vector<std::string> words) const {
    return {.arguments = FetchWords(std::move(words))};
  }
  Ended Fetch(std::vector<std::string> words) const {
    return RunProcess(FetchSetup(std::move(words)));
  }

  // Signals of the second after the first one count as the same.
  static void SignalUntilItEnds(const PrepullProcess& process, int signal) {
    EXPECT_TRUE(AskUntil([&] {
      process.Signal(signal);
      return process.has_ended();
    }));
  }

  std::string status_path() const { return folder_.Path("status.json"); }
  std::string Status(const std::string& pointer) const {
    return JsonAt(ReadAll(status_path()), pointer);
  }

  // `count` image names, quay.io/a:1 and so on, as a list file.
  std::string ListOf(int count) const {
    std::string lines;
    for (int i = 1; i <= count; ++i) {
      lines += "quay.io/a:" + std::to_string(i) + "\n";
    }
    return folder_.Write("images.txt", lines);
  }

  // A status file as an older, successful run left it.
  void LeaveOldSuccess() {
    Fetch({"quay.io/old/app:1"});
    ASSERT_EQ(Status("/exit_code"), "0");
  }

  TempFolder folder_;
  FakeCriServer server_{folder_.Path("cri.sock")};
};

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_E2E_TEST_BASE_H_
