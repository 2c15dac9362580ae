#include "test/support/cri/json_text.h"

#include <boost/json.hpp>

namespace prepull {
namespace {

namespace json = boost::json;

}  // namespace

bool IsJson(const std::string& text) {
  json::error_code error;
  json::parse(text, error);
  return !error && text.ends_with("}\n") &&
         text.find_last_not_of('\n') == text.size() - 2;
}

std::string JsonAt(const std::string& text, const std::string& pointer) {
  json::error_code error;
  const json::value document = json::parse(text, error);
  if (error) return "no JSON";
  const json::value* value = document.find_pointer(pointer, error);
  if (value == nullptr) return "not there";
  if (value->is_string()) return std::string(value->as_string());
  return json::serialize(*value);
}

}  // namespace prepull
