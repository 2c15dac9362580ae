#include "src/auth/warnings.h"

#include "prepull/base/log.h"

namespace prepull {
namespace {

// A file can be made of thousands of useless entries.
constexpr size_t kMostTexts = 200;

void Warn(const std::string& text) {
  Log(LogLevel::kWarn, "credentials cannot be used", {{"error", text}});
}

}  // namespace

void Warnings::Add(const std::string& text) {
  size_t count = 0;
  {
    MutexLock lock(mutex_);
    if (known_.size() > kMostTexts || !known_.insert(text).second) return;
    count = known_.size();
  }
  Warn(count > kMostTexts ? "and more, which are not shown" : text);
}

void Warnings::Add(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) Add(text);
}

}  // namespace prepull
