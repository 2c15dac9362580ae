#include "prepull/base/json_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace prepull {
namespace {

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(text, quoted);
  return quoted;
}

std::string Decimal(double value) {
  return JsonWriter().Decimal("", value).Take();
}

TEST(JsonWriterTest, KeepsTheKeysInTheirOrder) {
  JsonWriter json;
  json.OpenObject().String("z", "1").Bool("a", true).Null("m").CloseObject();

  EXPECT_EQ(json.text(), R"({"z":"1","a":true,"m":null})");
}

TEST(JsonWriterTest, NestsObjectsAndArrays) {
  JsonWriter json;
  json.OpenObject().OpenArray("list");
  json.OpenObject().Integer("n", 1).CloseObject();
  json.OpenObject().CloseObject().String("", "x").CloseArray();
  json.OpenObject("after").CloseObject().CloseObject();

  EXPECT_EQ(json.text(), R"({"list":[{"n":1},{},"x"],"after":{}})");
}

TEST(JsonWriterTest, PutsNoCommaIntoAnEmptyArray) {
  JsonWriter json;
  json.OpenObject().OpenArray("none").CloseArray().CloseObject();

  EXPECT_EQ(json.text(), R"({"none":[]})");
}

TEST(JsonWriterTest, WritesIntegersOfAnySizeAsNumbers) {
  JsonWriter json;
  json.OpenArray().Integer("", std::numeric_limits<int64_t>::max());
  json.Integer("", std::numeric_limits<int64_t>::min()).CloseArray();

  EXPECT_EQ(json.text(), "[9223372036854775807,-9223372036854775808]");
}

TEST(JsonWriterTest, WritesNullForAnIntegerNobodyKnows) {
  JsonWriter json;
  json.OpenObject().Integer("total", std::nullopt).CloseObject();

  EXPECT_EQ(json.text(), R"({"total":null})");
}

TEST(JsonWriterTest, WritesUpToThreeDigitsBehindThePoint) {
  EXPECT_EQ(Decimal(0), "0");
  EXPECT_EQ(Decimal(38), "38");
  EXPECT_EQ(Decimal(0.21), "0.21");
  EXPECT_EQ(Decimal(1.0004), "1");
  EXPECT_EQ(Decimal(1.0996), "1.1");
  EXPECT_EQ(Decimal(0.001), "0.001");
}

TEST(JsonWriterTest, WritesDecimalsBelowZero) {
  EXPECT_EQ(Decimal(-0.5), "-0.5");
  EXPECT_EQ(Decimal(-12.25), "-12.25");
  EXPECT_EQ(Decimal(-0.0001), "0");
}

TEST(JsonWriterTest, WritesNullForADecimalThatIsNoNumber) {
  EXPECT_EQ(Decimal(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Decimal(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(Decimal(1e300), "null");
}

TEST(JsonWriterTest, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(Quoted(R"(say "a\b")"), R"("say \"a\\b\"")");
  EXPECT_EQ(Quoted("one\ntwo"), R"("one\ntwo")");
  EXPECT_EQ(Quoted(absl::string_view("\0\t\x1b", 3)),
            R"("\u0000\u0009\u001b")");
}

TEST(JsonWriterTest, LeavesOtherTextAlone) {
  EXPECT_EQ(Quoted("a/b:c@d é 🐳 \x7f"), "\"a/b:c@d é 🐳 \x7f\"");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(JsonWriterTest, EscapesKeysToo) {
  JsonWriter json;
  json.OpenObject().Bool("a\"b", false).CloseObject();

  EXPECT_EQ(json.text(), R"({"a\"b":false})");
}

}  // namespace
}  // namespace prepull
