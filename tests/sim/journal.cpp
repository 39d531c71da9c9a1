#include "tests/sim/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace heliograph::sim {

void Journal::mix(std::string_view bytes) {
  for (const char byte : bytes) {
    digest_ ^= static_cast<unsigned char>(byte);
    digest_ *= 1'099'511'628'211ull;
  }
}

void Journal::keep(std::string about, std::string_view what) {
  const ports::MonoTime now = clock_.mono();
  mix(fmt::format_int(now.time_since_epoch().count()).str());
  mix(about);
  mix(what);
  if (keep_) lines_.push_back({now, std::move(about), std::string(what)});
}

void Journal::add(std::optional<model::MessageId> about, std::string_view what) {
  keep(about ? about->to_string() : "", what);
}

void Journal::write(ports::LogLevel level, std::string_view event, const ports::LogField* fields,
                    std::size_t count) {
  std::string about;
  std::string text(event);
  for (std::size_t i = 0; i < count; ++i) {
    if (fields[i].first == "message") {
      about = fields[i].second;
      continue;
    }
    text.append(" ").append(fields[i].first).append("=").append(fields[i].second);
  }
  // What is said of each message without naming it is too much for a story.
  const bool tells = !about.empty() || level > ports::LogLevel::kDebug;
  if (tells) return keep(std::move(about), text);
  mix(text);
}

std::string Journal::story(model::MessageId id) const {
  const std::string about = id.to_string();
  const auto own = [&](const Line& line) { return line.about == about; };
  const auto first = std::ranges::find_if(lines_, own);
  std::string text;
  for (auto line = first; line != lines_.end(); ++line) {
    if (!line->about.empty() && !own(*line)) continue;
    const auto at = line->at - ports::MonoTime{std::chrono::seconds{1'000}};
    text += fmt::format("  {:>12.3f} s  {}{}\n", std::chrono::duration<double>(at).count(),
                        own(*line) ? "" : "(world) ", line->what);
  }
  return text;
}

}  // namespace heliograph::sim
