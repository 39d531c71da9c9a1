// What a send to the mock asks for: the three shapes that the `http` provider plugin writes,
// checked as a strict provider would.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace heliograph::app::mock {

struct SendRequest {
  std::string error;  // a sentence for the 400; empty: it is well-formed
  std::string channel;
  std::string message_id;  // ours, as the gateway sent it; may be empty
  // A JSON object of what is there besides the text - subject, html, media, attachments with their
  // sizes - for tests to look at; empty for a plain SMS, of which there may be millions.
  std::string content;
};

// {"phone"|"to", "from"?, "text"?, "media"?: [URL], "message_id"?}: an MMS where it has media.
SendRequest read_phone_message(const nlohmann::json& document);
// {"subject"?, "body"?, "recipients": [address], "from"?, "html"?, "attachments"?, "message_id"?}
SendRequest read_email(const nlohmann::json& document);

// Digits behind an optional "+", 3 to 15 of them.
bool is_phone(std::string_view text);

}  // namespace heliograph::app::mock
