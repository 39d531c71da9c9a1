#include "core/app/remote/rendering.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/text.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

// Code points of well-formed UTF-8: bytes that do not continue one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_row(std::string& out, const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    if (i + 1 < cells.size()) out.append(widths[i] + 2 - columns(cells[i]), ' ');
  }
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
}

std::string ending(const Json& message) {
  const std::string reason = member(message, "reason");
  const std::string status = member(message, "status");
  return reason.empty() ? status : fmt::format("{} ({})", status, reason);
}

}  // namespace

std::string printable(std::string_view text) {
  const bool well_formed = base::is_utf8(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (c < 0x20 || c == 0x7F) {
      out += ' ';
    } else if (well_formed && c1) {
      out += ' ';
      ++i;
    } else {
      out += well_formed || c < 0x80 ? text[i] : '?';
    }
  }
  return out;
}

std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : head) widths.push_back(columns(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string out;
  append_row(out, head, widths);
  for (const auto& row : rows) append_row(out, row, widths);
  return out;
}

std::string member(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return printable(found->is_string()
                       ? found->get<std::string>()
                       : found->dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string messages_text(const Json& messages) {
  if (messages.empty()) return "No messages.\n";
  std::vector<std::vector<std::string>> rows;
  for (const Json& message : messages) {
    rows.push_back({member(message, "id"), ending(message), member(message, "channel"),
                    member(message, "to"), member(message, "provider"), member(message, "attempts"),
                    member(message, "created_at")});
  }
  return table({"ID", "STATUS", "CHANNEL", "TO", "PROVIDER", "ATTEMPTS", "CREATED"}, rows);
}

std::string story_text(const Json& message, const Json& attempts, const Json& events) {
  std::string out;
  for (const auto& [name, value] : message.items())
    out += fmt::format("{:<20} {}\n", printable(name), member(message, name.c_str()));
  std::vector<std::vector<std::string>> rows;
  for (const Json& attempt : attempts) {
    rows.push_back({member(attempt, "number"), member(attempt, "provider"),
                    member(attempt, "outcome"), member(attempt, "status_code"),
                    member(attempt, "started_at"), member(attempt, "finished_at"),
                    member(attempt, "detail")});
  }
  out += "\nAttempts\n";
  out += rows.empty()
             ? "none\n"
             : table({"NO", "PROVIDER", "OUTCOME", "CODE", "STARTED", "FINISHED", "DETAIL"}, rows);
  rows.clear();
  for (const Json& event : events)
    rows.push_back({member(event, "at"), member(event, "status"), member(event, "detail")});
  return out + "\nEvents\n" + table({"AT", "STATUS", "DETAIL"}, rows);
}

}  // namespace heliograph::app
