#include "prepull/base/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/status_matchers.h"

namespace prepull {
namespace {

using Code = absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

JsonDocument Parsed(const std::string& text) {
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  EXPECT_THAT(document, IsOk()) << text;
  return *std::move(document);
}

TEST(JsonDocumentTest, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{} {}", "nul", "{\"a\":\"\xff\"}"}) {
    EXPECT_THAT(JsonDocument::Parse(text),
                StatusIs(Code::kInvalidArgument, StartsWith("invalid JSON: ")))
        << text;
  }
}

TEST(JsonDocumentTest, RefusesWhatIsNotAnObject) {
  EXPECT_THAT(JsonDocument::ParseObject("{}"), IsOk());
  EXPECT_THAT(
      JsonDocument::ParseObject("[]"),
      StatusIs(Code::kInvalidArgument, "invalid JSON: expected an object"));
}

TEST(JsonDocumentTest, KeepsItsValuesWhereItIsMovedTo) {
  JsonDocument first = Parsed(R"({"a":"b"})");
  const JsonValue value = first["a"];

  const JsonDocument second = std::move(first);

  EXPECT_EQ(value.string(), "b");
  EXPECT_EQ(second["a"].string(), "b");
}

TEST(JsonValueTest, ReadsAValueOfItsOwnTypeOnly) {
  const JsonDocument document =
      Parsed(R"({"s":"text","i":-7,"d":1.5,"b":true,"n":null})");

  EXPECT_EQ(document["s"].string(), "text");
  EXPECT_EQ(document["s"].integer(), std::nullopt);
  EXPECT_EQ(document["i"].integer(), -7);
  EXPECT_EQ(document["i"].number(), -7.0);
  EXPECT_EQ(document["d"].number(), 1.5);
  EXPECT_EQ(document["d"].integer(), std::nullopt);
  EXPECT_EQ(document["b"].boolean(), true);
  EXPECT_EQ(document["n"].string(), std::nullopt);
  EXPECT_EQ(document["n"].StringOrEmpty(), "");
}

TEST(JsonValueTest, ReadsNoIntegerThatIsTooLarge) {
  const JsonDocument document =
      Parsed(R"([9223372036854775807,9223372036854775808])");

  EXPECT_EQ(document.root().elements()[0].integer(), 9223372036854775807);
  EXPECT_EQ(document.root().elements()[1].integer(), std::nullopt);
}

TEST(JsonValueTest, APathThatLeadsNowhereDoesNotExist) {
  const JsonDocument document = Parsed(R"({"a":{"b":1},"n":null})");

  EXPECT_TRUE(document["a"]["b"].exists());
  EXPECT_FALSE(document["a"]["c"]["d"].exists());
  EXPECT_FALSE(document["a"]["b"]["c"].exists());
  EXPECT_TRUE(document["x"].is_unset());
  EXPECT_TRUE(document["n"].is_unset());
  EXPECT_TRUE(document["n"].exists());
}

TEST(JsonValueTest, ListsMembersAndElementsInTheirOrder) {
  const JsonDocument document = Parsed(R"({"b":[1,2],"a":"x"})");

  std::vector<std::string> keys;
  for (const auto& [key, value] : document.root().members()) {
    keys.emplace_back(key);
  }
  std::vector<int64_t> numbers;
  for (const JsonValue element : document["b"].elements()) {
    numbers.push_back(element.integer().value_or(-1));
  }

  EXPECT_THAT(keys, ElementsAre("b", "a"));
  EXPECT_THAT(numbers, ElementsAre(1, 2));
  EXPECT_EQ(document["b"].size(), 2u);
  EXPECT_THAT(document["a"].elements(), IsEmpty());
  EXPECT_THAT(document["a"].members(), IsEmpty());
}

TEST(JsonFieldsTest, ReadsEachType) {
  const JsonDocument document = Parsed(
      R"({"s":"text","i":7,"b":true,"d":1.5,"at":"2026-01-02T03:04:05Z",
          "list":["a","b"],"o":{},"n":null})");
  JsonFields fields(document.root());

  EXPECT_EQ(fields.String("s"), "text");
  EXPECT_EQ(fields.StringOrNull("n"), "");
  EXPECT_EQ(fields.Integer("i"), 7);
  EXPECT_EQ(fields.IntegerOrNull("n"), std::nullopt);
  EXPECT_TRUE(fields.Bool("b"));
  EXPECT_EQ(fields.Seconds("d"), absl::Milliseconds(1500));
  EXPECT_EQ(fields.Time("at"), absl::FromUnixSeconds(1767323045));
  EXPECT_EQ(fields.TimeOrNull("n"), std::nullopt);
  EXPECT_THAT(fields.Strings("list"), ElementsAre("a", "b"));
  EXPECT_TRUE(fields.ObjectOrNull("o").exists());
  EXPECT_FALSE(fields.ObjectOrNull("n").exists());
  EXPECT_TRUE(fields.Has("n"));
  EXPECT_FALSE(fields.Has("x"));
  EXPECT_THAT(fields.status(), IsOk());
}

TEST(JsonFieldsTest, NamesTheFirstFieldThatIsWrong) {
  const JsonDocument document = Parsed(R"({"i":"7"})");
  JsonFields fields(document.root(), "images[3]");

  fields.Integer("i");
  fields.String("missing");

  EXPECT_THAT(fields.status(), StatusIs(Code::kInvalidArgument,
                                        "images[3].i: expected an integer"));
}

TEST(JsonFieldsTest, NamesWhatShouldHaveBeenAnObject) {
  const JsonDocument document = Parsed("[]");

  EXPECT_THAT(
      JsonFields(document.root(), "images[3]").status(),
      StatusIs(Code::kInvalidArgument, "images[3]: expected an object"));
}

}  // namespace
}  // namespace prepull
