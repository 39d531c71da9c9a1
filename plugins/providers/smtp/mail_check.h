// What a message must not have to become a mail. [any thread]
#pragma once

#include <string>

#include <heliograph/message.hpp>

#include "plugins/providers/smtp/mail.h"

namespace heliograph::plugins::smtp {

// One sentence that names the field, without its value; empty: all is well.
std::string fault_of(const sdk::Message& message, const MailProfile& profile);

}  // namespace heliograph::plugins::smtp
