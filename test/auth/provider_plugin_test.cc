#include "src/auth/provider_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prepull/base/log.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_host.h"
#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using Answered = absl::StatusOr<ProviderPlugin::Entries>;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Reference ImageNamed(const std::string& text) {
  return Reference::Parse(text).value();
}

// What a plugin writes; `cache` holds further members.
std::string Answer(const std::string& scope, const std::string& cache = "") {
  return absl::StrCat(R"({"kind":"CredentialProviderResponse",)"
                      R"("apiVersion":"v","auth":)"
                      R"({"*.io":{"username":"u","password":"hidden"}},)",
                      cache, R"("cacheKeyType":")", scope, "\"}");
}

class ProviderPluginTest : public ::testing::Test {
 protected:
  ProviderPluginTest() {
    StartLog({.format = LogFormat::kText,
              .write = [this](absl::string_view l) { log_.emplace_back(l); }});
    host_.child = [this](const ChildCommand& command, Instant until,
                         const std::stop_token& stop) {
      commands_.push_back(command);
      limit_ = until - clock_.Now();
      return answer_(stop);
    };
    plugin_ = std::make_unique<ProviderPlugin>(
        CredentialProvider{.name = "ecr",
                           .match_images = {*RegistryPattern::Parse("*.io")},
                           .match_texts = "*.io",
                           .arguments = {"get"},
                           .environment = {{"KEY", "value"}},
                           .default_cache_duration = absl::Hours(1),
                           .api_version = "v"},
        "/bin/ecr", absl::Minutes(1),
        ProviderPlugin::Dependencies{host_, clock_, warnings_});
  }
  ~ProviderPluginTest() override {
    plugin_.reset();
    StartLog({.write = [](absl::string_view) {}});
  }

  void Say(const std::string& output, int exit_code = 0) {
    answer_ = [output, exit_code](const std::stop_token&) {
      return ChildOutput{output, exit_code};
    };
  }

  void Fail(const absl::Status& error) {
    answer_ = [error](const std::stop_token&) { return error; };
  }

  // The plugin runs until Release, or until it is told to stop.
  void Hold(const absl::StatusOr<ChildOutput>& end) {
    answer_ = [this, end](
                  const std::stop_token& stop) -> absl::StatusOr<ChildOutput> {
      std::stop_callback wake(stop, [this] { release_.Notify(); });
      runs_.Notify();
      release_.WaitFor(absl::InfiniteDuration());
      if (stop.stop_requested()) return absl::CancelledError("interrupted");
      return end;
    };
  }

  std::future<Answered> AskLater(const std::string& image) {
    auto promise = std::make_shared<std::promise<Answered>>();
    plugin_->Request(ImageNamed(image), [promise](Answered entries) {
      promise->set_value(std::move(entries));
    });
    return promise->get_future();
  }

  Answered Ask(const std::string& image) { return AskLater(image).get(); }

  std::string LogText() const {
    std::string text;
    for (const std::string& line : log_) absl::StrAppend(&text, line, "\n");
    return text;
  }

  FakeClock clock_;
  FakeHost host_;
  Warnings warnings_;
  std::vector<std::string> log_;
  std::vector<ChildCommand> commands_;
  absl::Duration limit_;
  std::function<absl::StatusOr<ChildOutput>(const std::stop_token&)> answer_;
  Wakeup runs_;
  Wakeup release_;
  std::unique_ptr<ProviderPlugin> plugin_;
};

TEST_F(ProviderPluginTest, RunsTheProgramAsTheKubeletDoes) {
  Say(Answer("Image"));

  const Answered entries = Ask("a.io/team/app:1");

  ASSERT_THAT(entries, IsOkAndHolds(SizeIs(1)));
  EXPECT_EQ(entries->front().credential,
            (Credential{.username = "u", .password = "hidden"}));
  ASSERT_THAT(commands_, SizeIs(1));
  EXPECT_EQ(commands_[0].program, "/bin/ecr");
  EXPECT_THAT(commands_[0].arguments, ElementsAre("get"));
  EXPECT_EQ(commands_[0].environment.at("KEY"), "value");
  EXPECT_EQ(commands_[0].input,
            R"({"kind":"CredentialProviderRequest","apiVersion":"v",)"
            R"("image":"a.io/team/app"})");
  EXPECT_EQ(limit_, absl::Minutes(1));
  EXPECT_EQ(plugin_->Description(), "plugin ecr: *.io");
}

TEST_F(ProviderPluginTest, IsForTheImagesOfItsPatternsOnly) {
  EXPECT_TRUE(plugin_->Matches(ImageNamed("a.io/x")));
  EXPECT_FALSE(plugin_->Matches(ImageNamed("a.b.io/x")));
}

struct CacheRow {
  const char* scope;
  std::vector<std::string> images;
  size_t runs;
};

TEST_F(ProviderPluginTest, RemembersAnAnswerForWhatItHolds) {
  const CacheRow rows[] = {
      {"Image",
       {"a.io/x:1", "a.io/x:2", "a.io/x@sha256:" + std::string(64, 'a')},
       1},
      {"Image", {"a.io/x", "a.io/y"}, 2},
      {"Registry", {"a.io/x", "a.io/y"}, 1},
      {"Registry", {"a.io/x", "b.io/x", "a.io:1/x"}, 3},
      {"Global", {"a.io/x", "b.io/y"}, 1},
  };
  for (const CacheRow& row : rows) {
    Say(Answer(row.scope));
    commands_.clear();
    for (const std::string& image : row.images) {
      EXPECT_THAT(Ask(image), IsOkAndHolds(SizeIs(1)));
    }

    EXPECT_THAT(commands_, SizeIs(row.runs)) << row.scope;
    clock_.Advance(absl::Hours(2));
  }
}

TEST_F(ProviderPluginTest, AsksAgainWhenTheTimeOfAnAnswerIsOver) {
  Say(Answer("Image", R"("cacheDuration":"10m",)"));
  (void)Ask("a.io/x");
  clock_.Advance(absl::Minutes(9));
  (void)Ask("a.io/x");
  EXPECT_THAT(commands_, SizeIs(1));

  clock_.Advance(absl::Minutes(1));
  (void)Ask("a.io/x");

  EXPECT_THAT(commands_, SizeIs(2));
}

TEST_F(ProviderPluginTest, TakesTheDurationOfTheConfigIfTheAnswerHasNone) {
  Say(Answer("Image"));
  (void)Ask("a.io/x");
  clock_.Advance(absl::Minutes(59));
  (void)Ask("a.io/x");
  EXPECT_THAT(commands_, SizeIs(1));

  clock_.Advance(absl::Minutes(1));
  (void)Ask("a.io/x");

  EXPECT_THAT(commands_, SizeIs(2));
}

TEST_F(ProviderPluginTest, RemembersNothingForADurationOfZero) {
  Say(Answer("Global", R"("cacheDuration":"0s",)"));

  (void)Ask("a.io/x");
  (void)Ask("a.io/x");

  EXPECT_THAT(commands_, SizeIs(2));
}

TEST_F(ProviderPluginTest, AsksAgainAfterItFailed) {
  Say("", 1);
  (void)Ask("a.io/x");
  Say(Answer("Registry"));

  EXPECT_THAT(Ask("a.io/x"), IsOkAndHolds(SizeIs(1)));
}

TEST_F(ProviderPluginTest, AsksAgainForWhatWasRefused) {
  const Credential refused = {.username = "u", .password = "hidden"};
  for (const std::string scope : {"Image", "Registry", "Global"}) {
    Say(Answer(scope));
    (void)Ask("a.io/x:1");
    commands_.clear();

    plugin_->Forget(ImageNamed("a.io/x:1"), refused);
    (void)Ask("a.io/x:1");

    EXPECT_THAT(commands_, SizeIs(1)) << scope;
    clock_.Advance(absl::Hours(2));
  }
}

TEST_F(ProviderPluginTest, RemembersWhatWasRefusedElsewhereOrIsAnotherAccount) {
  Say(Answer("Image"));
  (void)Ask("a.io/x");

  plugin_->Forget(ImageNamed("a.io/y"),
                  {.username = "u", .password = "hidden"});
  plugin_->Forget(ImageNamed("a.io/x"), {.username = "u", .password = "old"});
  (void)Ask("a.io/x");

  EXPECT_THAT(commands_, SizeIs(1));
}

TEST_F(ProviderPluginTest, RunsOnceForAllWhoWaitForTheSame) {
  Hold(ChildOutput{Answer("Registry", R"("cacheDuration":"0s",)")});
  auto first = AskLater("a.io/x");
  runs_.WaitFor(absl::InfiniteDuration());
  auto same = AskLater("a.io/x");
  auto neighbour = AskLater("a.io/y");

  release_.Notify();

  EXPECT_THAT(first.get(), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(same.get(), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(neighbour.get(), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(commands_, SizeIs(1));
}

TEST_F(ProviderPluginTest, MakesNobodyWaitForARowOfTimeouts) {
  Hold(absl::DeadlineExceededError("timed out"));
  auto first = AskLater("a.io/x");
  runs_.WaitFor(absl::InfiniteDuration());
  auto other = AskLater("b.io/y");

  release_.Notify();

  EXPECT_THAT(first.get(), StatusIs(Code::kDeadlineExceeded));
  EXPECT_THAT(other.get(), StatusIs(Code::kDeadlineExceeded));
  EXPECT_THAT(commands_, SizeIs(1));
}

TEST_F(ProviderPluginTest, MakesAFailureAWarningOnceAndAnErrorEachTime) {
  const std::string why = "plugin ecr: /bin/ecr: exited with code 7";
  Say("hidden", 7);

  EXPECT_THAT(Ask("a.io/x"), StatusIs(Code::kUnavailable, why));
  EXPECT_THAT(Ask("a.io/y"), StatusIs(Code::kUnavailable, why));

  EXPECT_THAT(commands_, SizeIs(2));
  EXPECT_THAT(log_, ElementsAre(AllOf(HasSubstr("warn"),
                                      HasSubstr("plugin ecr: /bin/ecr: "
                                                "exited with code 7"),
                                      Not(HasSubstr("hidden")))));
}

TEST_F(ProviderPluginTest, NamesThePluginInEveryWarning) {
  Fail(absl::NotFoundError("start: no such file or directory"));
  (void)Ask("a.io/x");
  Say(R"({"kind":"hidden"})");
  (void)Ask("a.io/x");

  EXPECT_THAT(
      log_,
      ElementsAre(HasSubstr("plugin ecr: /bin/ecr: start: no such file or "
                            "directory"),
                  HasSubstr("plugin ecr: response: kind: expected "
                            "CredentialProviderResponse")));
  EXPECT_THAT(LogText(), Not(HasSubstr("hidden")));
}

TEST_F(ProviderPluginTest, LogsWhatThePluginSaysForDebuggingOnly) {
  StartLog(
      {.level = LogLevel::kDebug,
       .format = LogFormat::kText,
       .write = [this](absl::string_view line) { log_.emplace_back(line); }});
  Say(Answer("Image"));
  (void)Ask("a.io/x");

  commands_[0].on_error_line("no metadata service");

  EXPECT_THAT(log_, ElementsAre(AllOf(HasSubstr("debug"), HasSubstr("ecr"),
                                      HasSubstr("no metadata service"))));
}

TEST_F(ProviderPluginTest, EndsWhatRunsAndAnswersEveryoneWhenItGoes) {
  Hold(ChildOutput{});
  auto running = AskLater("a.io/x");
  runs_.WaitFor(absl::InfiniteDuration());
  auto waiting = AskLater("b.io/y");

  plugin_.reset();

  EXPECT_THAT(running.get(), StatusIs(Code::kCancelled));
  EXPECT_THAT(waiting.get(), StatusIs(Code::kCancelled));
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace prepull
