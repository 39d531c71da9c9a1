#include "plugins/providers/http/template.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <heliograph/json.hpp>
#include <heliograph/text.hpp>

#include "plugins/providers/http/parts.h"

namespace heliograph::plugins::http {

namespace {

struct Name {
  std::string_view text;
  Template::Field field;
};

constexpr std::array kNames{
    Name{"id", Template::Field::kId},     Name{"idempotency_key", Template::Field::kIdempotencyKey},
    Name{"to", Template::Field::kTo},     Name{"to_digits", Template::Field::kToDigits},
    Name{"from", Template::Field::kFrom}, Name{"from_digits", Template::Field::kFromDigits},
    Name{"text", Template::Field::kText}, Name{"subject", Template::Field::kSubject},
    Name{"html", Template::Field::kHtml}, Name{"channel", Template::Field::kChannel},
};

constexpr std::string_view kMetadataPrefix = "x-";

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_percent(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : value) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15u];
  }
}

void append_header(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
}

void append_json(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  sdk::json::append_string(out, value);
  out.erase(start, 1);  // the template has the quotes
  out.pop_back();
}

std::string_view without_plus(std::string_view number) {
  if (!number.empty() && number.front() == '+') number.remove_prefix(1);
  return number;
}

std::string_view channel_name(std::uint32_t channel) {
  switch (channel) {
    case HG_CH_EMAIL:
      return "email";
    case HG_CH_MMS:
      return "mms";
    case HG_CH_VOICE:
      return "voice";
    default:
      return "sms";
  }
}

std::string_view value_of(const sdk::Message& message, Template::Field field,
                          std::string_view metadata) {
  switch (field) {
    case Template::Field::kId:
      return message.id();
    case Template::Field::kIdempotencyKey:
      return message.idempotency_key();
    case Template::Field::kTo:
      return message.to();
    case Template::Field::kToDigits:
      return without_plus(message.to());
    case Template::Field::kFrom:
      return message.from();
    case Template::Field::kFromDigits:
      return without_plus(message.from());
    case Template::Field::kText:
      return message.body();
    case Template::Field::kSubject:
      return message.subject();
    case Template::Field::kChannel:
      return channel_name(message.channel());
    case Template::Field::kMetadata:
      return message.header(metadata).value_or("");
    case Template::Field::kHtml:
      return html_of(message);
    case Template::Field::kLiteral:
    case Template::Field::kMedia:
    case Template::Field::kAttachments:
      break;
  }
  return {};
}

std::string known_names() {
  std::string list;
  for (const Name& name : kNames) list += std::string(name.text) + ", ";
  return list + "media, attachments, auth.key, auth.secret, x-<metadata>";
}

}  // namespace

void append_escaped(std::string& out, std::string_view value, Escape escape) {
  switch (escape) {
    case Escape::kJson:
      return append_json(out, value);
    case Escape::kPercent:
      return append_percent(out, value);
    case Escape::kHeader:
      return append_header(out, value);
  }
}

void Template::add_literal(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().field != Field::kLiteral) pieces_.emplace_back();
  pieces_.back().text += text;
}

void Template::add_text(std::string_view text, Around around, const Secrets& secrets,
                        std::string_view path) {
  const auto literal = [&](std::string_view part) {
    if (around == Around::kAsIs) return add_literal(part);
    std::string escaped;
    append_escaped(escaped, part, escape_);
    add_literal(escaped);
  };
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    literal(text.substr(0, brace));
    text.remove_prefix(brace);
    if (text.empty()) break;
    if (text.size() > 1 && text[1] == text[0]) {
      literal(text.substr(0, 1));
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = text.find('}');
    if (text[0] == '}' || end == std::string_view::npos) {
      throw sdk::ConfigError(path, "has a brace without its partner (write {{ or }} for a brace)");
    }
    add_placeholder(text.substr(1, end - 1), secrets, path);
    text.remove_prefix(end + 1);
  }
}

void Template::add_placeholder(std::string_view name, const Secrets& secrets,
                               std::string_view path) {
  if (name == "auth.key" || name == "auth.secret") {
    const std::string& value = name == "auth.key" ? secrets.key : secrets.secret;
    if (value.empty()) {
      throw sdk::ConfigError(path, "uses {" + std::string(name) + "}, which is not configured");
    }
    std::string escaped;
    append_escaped(escaped, value, escape_);
    return add_literal(escaped);
  }
  if (name.starts_with(kMetadataPrefix) && name.size() > kMetadataPrefix.size()) {
    pieces_.push_back({Field::kMetadata, std::string(name)});
    return;
  }
  if (name == "media" || name == "attachments") {
    throw sdk::ConfigError(
        path, "{" + std::string(name) + "} is a list: it must be a value of its own in body");
  }
  const auto found = std::ranges::find(kNames, name, &Name::text);
  if (found == kNames.end()) {
    throw sdk::ConfigError(
        path, "unknown placeholder {" + std::string(name) + "}, known are " + known_names());
  }
  pieces_.push_back({found->field, {}});
}

void Template::add_list(Field list) { pieces_.push_back({list, {}}); }

void Template::add_media_pairs(std::string_view name) {
  pieces_.push_back({Field::kMedia, std::string(name)});
}

bool Template::uses(Field field) const noexcept {
  return std::ranges::find(pieces_, field, &Piece::field) != pieces_.end();
}

void Template::render_media_pairs(std::string_view name, const sdk::Message& message,
                                  std::string& out) {
  for (std::size_t i = 0; i < message.part_count(); ++i) {
    const sdk::Part part = message.part(i);
    if (part.kind() != HG_PART_MEDIA) continue;
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    append_percent(out, part.url());
  }
}

void Template::render(const sdk::Message& message, std::string& out) const {
  for (const Piece& piece : pieces_) {
    if (piece.field == Field::kLiteral) {
      out += piece.text;
    } else if (piece.field == Field::kAttachments) {
      append_attachments(out, message);
    } else if (piece.field == Field::kMedia && escape_ == Escape::kPercent) {
      render_media_pairs(piece.text, message, out);
    } else if (piece.field == Field::kMedia) {
      append_media(out, message);
    } else {
      append_escaped(out, value_of(message, piece.field, piece.text), escape_);
    }
  }
}

std::string_view Template::prefix() const noexcept {
  const bool literal = !pieces_.empty() && pieces_.front().field == Field::kLiteral;
  return literal ? std::string_view(pieces_.front().text) : std::string_view{};
}

bool Template::constant() const noexcept {
  return std::ranges::all_of(pieces_, [](const Piece& p) { return p.field == Field::kLiteral; });
}

}  // namespace heliograph::plugins::http
