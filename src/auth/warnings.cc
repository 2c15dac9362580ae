#include "src/auth/warnings.h"

#include "prepull/base/log.h"

namespace prepull {
namespace {

// A file may have thousands of unusable entries.
constexpr size_t kMaxTexts = 200;

void Warn(const std::string& text) {
  Log(LogLevel::kWarn, "credentials cannot be used", {{"error", text}});
}

}  // namespace

void Warnings::Add(const std::string& text) {
  size_t count = 0;
  {
    MutexLock lock(mutex_);
    if (logged_.size() > kMaxTexts || !logged_.insert(text).second) return;
    count = logged_.size();
  }
  Warn(count > kMaxTexts ? "too many errors: further ones are not shown"
                         : text);
}

void Warnings::Add(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) Add(text);
}

}  // namespace prepull
