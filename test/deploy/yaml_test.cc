#include "src/deploy/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <string>

namespace prepull {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a reader finds under "text".
std::string ReadBack(const Yaml& value) {
  const std::string document =
      Yaml().Add("before", "x").Add("text", value).Add("after", "y").Document();
  const YAML::Node read = YAML::Load(document);
  EXPECT_EQ(read.size(), 3u) << document;
  EXPECT_EQ(read["after"].as<std::string>(), "y") << document;
  return read["text"].as<std::string>();
}

class YamlTextTest : public testing::TestWithParam<std::string> {};

TEST_P(YamlTextTest, ComesBackAsItWas) {
  EXPECT_EQ(ReadBack(Yaml::Text(GetParam())), GetParam());
}

TEST_P(YamlTextTest, ComesBackAsAKeyToo) {
  const std::string document = Yaml().Add(GetParam(), "value").Document();

  const YAML::Node read = YAML::Load(document);

  ASSERT_EQ(read.size(), 1u) << document;
  EXPECT_EQ(read.begin()->first.as<std::string>(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, YamlTextTest,
    testing::Values("plain", "", " ", "a b", "a: b", "a #b", "#a", "- a", "-",
                    "---", "...", "--pin", "--a=b:c", "a:", ":", "?", "? a",
                    "{a}", "[a", "]", ",", "&a", "*a", "!a", "|", ">", "%a",
                    "@a", "`a", "'", "\"", "\\", "\\n", "'a'", "\"a\"", "a\nb",
                    "a\n\nkind: Secret\n", "\n", "\t", "a\tb", "\r\n",
                    "\x01\x1f\x7f", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBF",
                    "gr\xC3\xBC\xC3\x9F", "\xF0\x9F\x98\x80", "=", "<<", "~"));

// A reader of YAML 1.1, such as kubectl's, makes something else of these.
TEST(YamlTest, QuotesWhatIsNoTextWithoutQuotes) {
  for (const char* text :
       {"true", "False", "yes",      "No", "on",   "OFF",  "y",
        "N",    "null",  "~",        "1",  "-1",   "1e3",  "0x1f",
        "0o17", "1_000", "12:30:45", ".5", ".inf", ".nan", "2026-01-02",
        "100%", "",      "<<",       "="}) {
    EXPECT_THAT(Yaml().Add("key", text).Document(),
                HasSubstr("key: \"" + std::string(text) + "\"\n"));
  }
}

TEST(YamlTest, LeavesTextsWithoutDoubtUnquoted) {
  EXPECT_EQ(Yaml()
                .Add("app.kubernetes.io/name", "prepull")
                .Add("image", "quay.io/team/app:1.2")
                .Add("path", "/run/containerd")
                .Add("argument", "--cri-socket=/run/crio/crio.sock")
                .Document(),
            "app.kubernetes.io/name: prepull\n"
            "image: quay.io/team/app:1.2\n"
            "path: /run/containerd\n"
            "argument: --cri-socket=/run/crio/crio.sock\n");
}

TEST(YamlTest, NestsAsKubectlDoes) {
  const Yaml inner = Yaml().Add("a", "x").Add(
      "list", Yaml::List({Yaml().Add("b", Yaml::Number(1)), Yaml::Text("text"),
                          Yaml()}));

  EXPECT_EQ(Yaml()
                .Add("map", inner)
                .Add("none", Yaml())
                .Add("nothing", Yaml::List())
                .Add("null", Yaml::Null())
                .Add("bool", Yaml::Bool(false))
                .Document(),
            "map:\n"
            "  a: x\n"
            "  list:\n"
            "  - b: 1\n"
            "  - text\n"
            "  - {}\n"
            "none: {}\n"
            "nothing: []\n"
            "\"null\": null\n"
            "bool: false\n");
}

class YamlBlockTest : public testing::TestWithParam<std::string> {};

TEST_P(YamlBlockTest, ComesBackAsItWas) {
  EXPECT_EQ(ReadBack(Yaml::Block(GetParam())), GetParam());
}

TEST_P(YamlBlockTest, ComesBackFromDeepInside) {
  const std::string document =
      Yaml()
          .Add("a",
               Yaml().Add(
                   "b", Yaml::List({Yaml().Add("c", Yaml::Block(GetParam()))})))
          .Document();

  EXPECT_EQ(YAML::Load(document)["a"]["b"][0]["c"].as<std::string>(),
            GetParam())
      << document;
}

INSTANTIATE_TEST_SUITE_P(Hostile, YamlBlockTest,
                         testing::Values("a\n", "a", "", "a\n\n", "a\n\n\n",
                                         "\na\n", "\n\n  a\n", "  a\n",
                                         "  a\nb\n", "\ta\n", "a\n  \nb\n",
                                         "a\n\n  b\n", "# a\n", "---\na\n",
                                         "...\n", "a: b\n- c\n", "\"a\n",
                                         "a\nkind: Secret\n", "key: |\n  x\n",
                                         "gr\xC3\xBC\xC3\x9F\n"));

TEST(YamlTest, KeepsABlockReadable) {
  EXPECT_EQ(Yaml().Add("images.txt", Yaml::Block("a:1\n\nb:2\n")).Document(),
            "images.txt: |\n  a:1\n\n  b:2\n");
  EXPECT_THAT(Yaml().Add("k", Yaml::Block("  a\n")).Document(),
              HasSubstr("k: |2\n"));
  EXPECT_THAT(Yaml().Add("k", Yaml::Block("a\n")).Document(),
              Not(HasSubstr("2")));
}

TEST(YamlTest, IsJsonToo) {
  const Yaml inner = Yaml().Add("a", "no").Add(
      "list",
      Yaml::List({Yaml().Add("b", Yaml::Number(-1)), Yaml::Text("x"), Yaml()}));

  EXPECT_EQ(Yaml()
                .Add("map", inner)
                .Add("nothing", Yaml::List())
                .Add("null", Yaml::Null())
                .Add("bool", Yaml::Bool(true))
                .Add("share", Yaml::IntOrShare("10%"))
                .Add("block", Yaml::Block("a:1\n\nb:2\n"))
                .Json(),
            R"({"map":{"a":"no","list":[{"b":-1},"x",{}]},"nothing":[],)"
            R"("null":null,"bool":true,"share":"10%",)"
            R"("block":"a:1\n\nb:2\n"})");
}

// YAML is a superset of JSON.
TEST_P(YamlTextTest, ComesBackFromJson) {
  const std::string json =
      Yaml().Add(GetParam(), Yaml::List({Yaml::Text(GetParam())})).Json();

  const YAML::Node read = YAML::Load(json);

  ASSERT_EQ(read.size(), 1u) << json;
  EXPECT_EQ(read.begin()->first.as<std::string>(), GetParam());
  EXPECT_EQ(read.begin()->second[0].as<std::string>(), GetParam());
}

}  // namespace
}  // namespace prepull
