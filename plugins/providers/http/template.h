// Texts with placeholders: compiled once when the instance is created, filled in for each message.
//
// A placeholder is a name in braces, "{to}"; "{{" and "}}" stand for the braces themselves. What a
// placeholder brings in is escaped for the place it stands in, so that no message can change the
// shape of a request. Unknown names are an error at creation, never an empty text at three in the
// morning.
//
// Thread-safe once built (immutable).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/message.hpp>

namespace heliograph::plugins::http {

// What a value must not break out of.
enum class Escape : std::uint8_t {
  kJson,     // the inside of a JSON string: RFC 8259, section 7
  kPercent,  // a URL or a form: all but the unreserved characters of RFC 3986, section 2.3
  kHeader,   // a header's value: control characters, CR and LF among them, become spaces
};

// Appends `value` to `out`, escaped.
void append_escaped(std::string& out, std::string_view value, Escape escape);

// The operator's own secrets, usable as {auth.key} and {auth.secret}.
struct Secrets {
  std::string key;
  std::string secret;
};

// The placeholders of lists, which stand alone in a value.
inline constexpr std::string_view kMediaPlaceholder = "{media}";
inline constexpr std::string_view kAttachmentsPlaceholder = "{attachments}";

class Template {
 public:
  // What is sent of a message.
  enum class Field : std::uint8_t {
    kLiteral,
    kId,
    kIdempotencyKey,
    kTo,
    kToDigits,  // without the leading "+"
    kFrom,
    kFromDigits,
    kText,
    kSubject,
    kHtml,
    kChannel,   // "sms", "mms", "email", "voice"
    kMetadata,  // a value the client sent along: {x-campaign}
    kMedia,     // lists: a JSON array each, or in a form the field once for each medium
    kAttachments,
  };

  explicit Template(Escape escape) : escape_(escape) {}

  // Appends text as it is.
  void add_literal(std::string_view text);
  // Appends text whose placeholders are to be filled in; the text around them is taken as it is, or
  // escaped too. Throws sdk::ConfigError naming `path` for braces that do not pair and unknown
  // names.
  enum class Around : std::uint8_t { kAsIs, kEscaped };
  void add_text(std::string_view text, Around around, const Secrets& secrets,
                std::string_view path);

  // Appends a list of the message: JSON arrays, brackets included. Only for Escape::kJson.
  void add_list(Field list);
  // Appends "name=URL" for each medium of the message, with "&" before it unless it is the first
  // text of all. Only for Escape::kPercent; `name` is escaped already.
  void add_media_pairs(std::string_view name);

  // Appends the text for one message to `out`.
  void render(const sdk::Message& message, std::string& out) const;

  // The literal text before the first placeholder.
  [[nodiscard]] std::string_view prefix() const noexcept;
  [[nodiscard]] bool constant() const noexcept;
  [[nodiscard]] bool uses(Field field) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }

 private:
  struct Piece {
    Field field = Field::kLiteral;
    std::string text;  // the literal, the metadata's name, or the name of media pairs
  };

  static void render_media_pairs(std::string_view name, const sdk::Message& message,
                                 std::string& out);
  void add_placeholder(std::string_view name, const Secrets& secrets, std::string_view path);

  Escape escape_;
  std::vector<Piece> pieces_;
};

}  // namespace heliograph::plugins::http
