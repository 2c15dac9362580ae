// What a JSON text holds at one place, as text to compare.
#ifndef PREPULL_TEST_SUPPORT_CRI_JSON_TEXT_H_
#define PREPULL_TEST_SUPPORT_CRI_JSON_TEXT_H_

#include <string>

namespace prepull {

// Whether `text` is one JSON document, and nothing else but a last newline.
bool IsJson(const std::string& text);

// The value at `pointer` ("/images/0/state"): a string as it is, anything else
// as JSON ("null", "3", "[]"). "no JSON" or "not there" when there is none.
std::string JsonAt(const std::string& text, const std::string& pointer);

}  // namespace prepull

#endif  // PREPULL_TEST_SUPPORT_CRI_JSON_TEXT_H_
