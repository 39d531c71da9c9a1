// What a message carries besides its text, as it is written into requests. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <heliograph/message.hpp>

namespace heliograph::plugins::http {

// The HTML of an e-mail; empty when it has none.
std::string_view html_of(const sdk::Message& message);

// Appends a JSON array of the media's URLs.
void append_media(std::string& out, const sdk::Message& message);

// Appends a JSON array of {"filename", "content_type", "content"}, the bytes in base64.
void append_attachments(std::string& out, const sdk::Message& message);

}  // namespace heliograph::plugins::http
