// ConnectLog: what was said while libcurl connected, greeted, encrypted and logged in.
//
// libcurl tells that it failed, not at which step and with which reply; this listens in and knows.
// It keeps verbs and replies, nothing of what a command carries.
#pragma once

#include <curl/curl.h>

#include <string_view>

#include <heliograph/send_result.hpp>

#include "plugins/providers/smtp/classification.h"
#include "plugins/providers/smtp/extensions.h"
#include "plugins/providers/smtp/reply.h"

namespace heliograph::plugins::smtp {

class ConnectLog {
 public:
  void on_command(std::string_view bytes);
  void on_reply_bytes(std::string_view bytes);

  // Of the last EHLO: what was said before STARTTLS does not count.
  [[nodiscard]] const Extensions& extensions() const { return extensions_; }

  // Why there is no connection.
  [[nodiscard]] sdk::SendResult failure(CURLcode code) const;

 private:
  Step step_ = Step::kGreeting;
  ReplyReader replies_;
  Reply last_;  // to step_; code 0: none yet
  Extensions extensions_;
};

}  // namespace heliograph::plugins::smtp
