// What a reply means for a message, by the command it answers.
//
// The rule above all: nothing was sent before the end of the data was written; after it the reply
// says, and where there is none, nobody knows. Details are sentences of ours, never the server's
// words, which name mailboxes. [any thread] Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include <heliograph/send_result.hpp>

#include "plugins/providers/smtp/reply.h"

namespace heliograph::plugins::smtp {

// What a reply answers.
enum class Step : std::uint8_t {
  kGreeting,
  kHello,
  kStartTls,
  kAuth,
  kReset,
  kMail,
  kRecipient,
  kData,
  kContent,  // the end of the data
};

std::string_view name_of(Step step);

// Of a reply that is no success. `own_sender`: the envelope's sender comes from the configuration,
// not from the message.
sdk::SendResult failure_of(Step step, const Reply& reply, bool own_sender);

// A success that ended the data.
sdk::SendResult success_of(const Reply& reply, std::string_view message_id);

// No reply came. `reason` ends the sentence "the connection was lost while waiting for ...".
sdk::SendResult lost(bool data_ended, std::string_view reason);

}  // namespace heliograph::plugins::smtp
