// The body of the callback `message.received`: what a client reads of a message that came in. Pure;
// thread-safe.
//
// Below the 20 kB of Standard Webhooks 1.0 whatever was sent: a long text is cut, media behind the
// room for them are left out, HTML is never in it; `truncated` says so, and the thread has the
// whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/conversation.h"
#include "core/model/opt_out.h"

namespace heliograph::model {

std::string received_body(const InboundMessage& message, MessageId id, ConversationId conversation,
                          OptOutWish wish);

}  // namespace heliograph::model
