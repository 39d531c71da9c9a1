// Mail: a message of the gateway's as RFC 5322 and MIME have it, in pieces that are encoded while
// they are written.
//
// Only 7-bit ASCII leaves here (encoded words, quoted-printable, base64), so any server takes it,
// except for addresses beyond ASCII: those need a server with SMTPUTF8 and stand in the head as
// they are (RFC 6532). A mail is a function of the message, the profile and the clock: a re-send
// differs in its Date only.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/message.hpp>

#include "plugins/providers/smtp/encoding.h"

namespace heliograph::plugins::smtp {

// What the configuration adds to every mail.
struct MailProfile {
  std::string_view from_name{};
  std::string_view envelope_from{};      // empty: the message's own sender
  std::string_view message_id_domain{};  // empty: the sender's
  // Of the client's metadata, what recipients may read; as the message has it: "x-campaign".
  std::vector<std::string_view> metadata_headers{};

  [[nodiscard]] bool shows(std::string_view header) const;
};

// A piece of a mail: text that is there already, or bytes to be encoded.
struct Segment {
  enum class Form { kText, kQuotedPrintable, kBase64 };
  Form form = Form::kText;
  std::string text{};          // kText; CRLF at each line's end
  std::string_view content{};  // of the message: lives until its op is completed
};

struct Mail {
  std::string sender;  // of the envelope
  std::string recipient;
  std::string message_id;  // without angle brackets
  bool international = false;
  std::vector<Segment> segments;

  // About what the mail will measure on the wire, for SIZE (RFC 1870).
  [[nodiscard]] std::size_t size_estimate() const;
};

// The mail, or why there can be none: one sentence that names the field.
struct Composed {
  std::optional<Mail> mail;
  std::string error;
};

Composed compose(const sdk::Message& message, const MailProfile& profile,
                 std::chrono::nanoseconds unix_time);

// "Sun, 06 Nov 1994 08:49:37 +0000"
std::string date_of(std::chrono::nanoseconds unix_time);

// Writes a mail as DATA wants it: dots doubled at the beginning of lines, and at its end the line
// with a single dot (RFC 5321 section 4.5.2).
class MailReader {
 public:
  explicit MailReader(const std::vector<Segment>& segments) : segments_(segments) {}

  // The next piece, some ten kilobytes; empty when the whole was given.
  std::string next();
  // next() has given the end of the data.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  bool encode_some(std::string& out);
  void stuff(std::string& text);

  const std::vector<Segment>& segments_;
  std::size_t segment_ = 0;
  std::optional<Base64Lines> base64_;
  std::optional<QuotedPrintable> quoted_;
  bool line_begins_ = true;
  bool ended_ = false;
};

}  // namespace heliograph::plugins::smtp
