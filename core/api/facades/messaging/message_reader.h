// A new message in the words of the Messaging service. Pure; thread-safe.
#pragma once

#include <expected>
#include <optional>

#include "core/api/json_value.h"
#include "core/http/message.h"
#include "core/pipeline/intake.h"

namespace heliograph::api::messaging {

// {from, to, type, body?, attachments?, metadata?, parent_id?, conversation_type?}; members that
// the service did not know are ignored, as it did. `type`: of the paths that name one themselves:
// "sms" (or what the body says instead: "mms") and "email". The error is the 422 to send, or 415.
//
// parent_id becomes the client_reference. An SMS with attachments is an MMS. Attachments of an
// e-mail, which are addresses of the web, become links below its text.
std::expected<pipeline::Submission, http::Response> read_message(
    const http::Request& request, std::optional<model::Channel> type = std::nullopt);

// A tag is somewhere in it: "<p>", "</p>", "<!DOCTYPE html>". "a < b" has none.
bool is_html(std::string_view text);

// What the intake found wrong, by the service's names of the fields.
http::Response misjudged(const pipeline::FieldError& wrong);

}  // namespace heliograph::api::messaging
