// JSON for providers: write a request body, read a few values out of an answer. No tree, no
// dependency.
//
//   std::string body = json::Object().text("to", m.to()).text("text", m.body()).finish();
//   std::optional<std::string> id = json::text_at(response.body(), "/message_id");
//
// Documents come from the network: they are checked whole against RFC 8259 before anything is read,
// up to kDepthMax levels deep; what fails the check has no values. [any thread] Pure functions.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <heliograph/detail/json_scan.hpp>

namespace heliograph::sdk::json {

// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD, so the
// result is always valid JSON.
inline void append_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i++];
    } else if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15u];
      ++i;
    } else if (const std::size_t length = detail::utf8_length(text.substr(i)); length > 0) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  out += '"';
}

// Writes one object, member after member.
class Object {
 public:
  Object& text(std::string_view key, std::string_view value) {
    name(key);
    append_string(out_, value);
    return *this;
  }
  template <std::integral T>
  Object& number(std::string_view key, T value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    return raw(key, {digits, static_cast<std::size_t>(end - digits)});
  }
  Object& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  // `json` must be a valid value: an object of another writer, for one.
  Object& raw(std::string_view key, std::string_view json) {
    name(key);
    out_ += json;
    return *this;
  }
  // The object's text; the writer starts anew.
  std::string finish() {
    out_ += '}';
    return std::exchange(out_, "{");
  }

 private:
  void name(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    append_string(out_, key);
    out_ += ':';
  }
  std::string out_ = "{";
};

inline bool valid(std::string_view document) { return detail::Scanner(document).document(); }

// The text of the value that an RFC 6901 pointer ("/data/0/id", "" for the whole) names, as it
// stands in `document`; nullopt when there is none or the document is invalid. Of members with
// equal names the first counts.
inline std::optional<std::string_view> find(std::string_view document, std::string_view pointer) {
  if (!valid(document)) return std::nullopt;
  std::string_view value = detail::trim(document);
  while (!pointer.empty()) {
    if (pointer.front() != '/') return std::nullopt;
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string step = detail::unescape_step(pointer.substr(1, end - 1));
    const std::optional<std::string_view> next = detail::child(value, step);
    if (!next) return std::nullopt;
    value = *next;
    pointer.remove_prefix(end);
  }
  return value;
}

// A string without its escapes, or a number, true or false as written; nullopt for null, arrays and
// objects. `value` is what find() or elements() gave.
inline std::optional<std::string> scalar_text(std::string_view value) {
  if (value.empty() || value == "null" || value[0] == '{' || value[0] == '[') return std::nullopt;
  if (value[0] == '"') return detail::decode_string(value);
  return std::string(value);
}

// The two together: what providers' ids are read with, whether they are sent as strings or numbers.
inline std::optional<std::string> text_at(std::string_view document, std::string_view pointer) {
  const std::optional<std::string_view> value = find(document, pointer);
  return value ? scalar_text(*value) : std::nullopt;
}

// The elements of a valid document that is an array; a document of any other kind is its own only
// element, because many peers send one object where they could send several. Empty when invalid.
inline std::vector<std::string_view> elements(std::string_view document) {
  std::vector<std::string_view> found;
  if (!valid(document)) return found;
  const std::string_view value = detail::trim(document);
  if (value[0] != '[') return {value};
  detail::each_child(value, [&](std::string_view, std::string_view element) {
    found.push_back(element);
    return true;
  });
  return found;
}

}  // namespace heliograph::sdk::json
