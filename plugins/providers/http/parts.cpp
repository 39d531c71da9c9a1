#include "plugins/providers/http/parts.h"

#include <optional>

#include <heliograph/json.hpp>

#include "plugins/providers/http/base64.h"

namespace heliograph::plugins::http {

namespace {

// Calls `write` for each part of that kind, with commas between what it writes.
template <class Write>
void append_array(std::string& out, const sdk::Message& message, std::uint32_t kind, Write write) {
  out += '[';
  bool first = true;
  for (std::size_t i = 0; i < message.part_count(); ++i) {
    const sdk::Part part = message.part(i);
    if (part.kind() != kind) continue;
    if (!first) out += ',';
    first = false;
    write(part);
  }
  out += ']';
}

}  // namespace

std::string_view html_of(const sdk::Message& message) {
  const std::optional<sdk::Part> part = message.find_part(HG_PART_ALTERNATIVE);
  return part ? part->body() : std::string_view{};
}

void append_media(std::string& out, const sdk::Message& message) {
  append_array(out, message, HG_PART_MEDIA,
               [&](const sdk::Part& part) { sdk::json::append_string(out, part.url()); });
}

void append_attachments(std::string& out, const sdk::Message& message) {
  append_array(out, message, HG_PART_ATTACHMENT, [&](const sdk::Part& part) {
    out += R"({"filename":)";
    sdk::json::append_string(out, part.name());
    out += R"(,"content_type":)";
    sdk::json::append_string(out, part.content_type());
    out += R"(,"content":")";
    append_base64(out, part.body());
    out += "\"}";
  });
}

}  // namespace heliograph::plugins::http
