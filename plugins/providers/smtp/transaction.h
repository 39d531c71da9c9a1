// Transaction: one mail over one connection, as a state machine: it says what to write, is told
// what was written and what the server answered, and knows at every moment what has become of the
// mail.
//
// Commands go in one piece where the server pipelines (RFC 2920), else one by one. Knows neither
// sockets nor clocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <heliograph/send_result.hpp>

#include "plugins/providers/smtp/classification.h"
#include "plugins/providers/smtp/extensions.h"
#include "plugins/providers/smtp/mail.h"
#include "plugins/providers/smtp/reply.h"

namespace heliograph::plugins::smtp {

class Transaction {
 public:
  // What the connection is good for afterwards.
  enum class Aftermath : std::uint8_t { kReady, kNeedsReset, kSpoilt };

  struct Circumstances {
    Extensions extensions{};
    bool reset_first = false;  // an earlier mail was broken off
    bool own_sender = false;   // the envelope's sender is of the configuration
  };

  // `mail` must outlive it.
  Transaction(const Mail& mail, const Circumstances& circumstances);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // The bytes to write now, the same until written() took them; empty: wait for a reply.
  std::string_view to_write();
  void written(std::size_t count);

  void on_reply(const Reply& reply);
  // There will be no further reply: the connection is gone, or nobody waits any more.
  void on_lost(std::string_view reason);

  // The mail's outcome, once it is known; replies to commands already written may be due still.
  [[nodiscard]] const std::optional<sdk::SendResult>& result() const { return result_; }
  // Known, and no reply is due.
  [[nodiscard]] bool over() const {
    return result_.has_value() && steps_answered_ >= steps_written_;
  }
  [[nodiscard]] Aftermath aftermath() const { return aftermath_; }
  // The server has not reacted to this mail in any way, so another connection may begin it anew.
  [[nodiscard]] bool untouched() const { return steps_answered_ == 0; }
  // The last byte of the end of the data was handed over: the server may have the mail.
  [[nodiscard]] bool data_ended() const { return data_ended_; }

 private:
  std::string command_of(Step step) const;
  void queue_commands();
  void on_unasked_reply(const Reply& reply);
  void on_step_reply(Step step, const Reply& reply);
  void decide(sdk::SendResult result, Aftermath aftermath);

  const Mail& mail_;
  const Circumstances circumstances_;
  MailReader reader_;
  std::span<const Step> steps_;    // the commands, in order, and kContent
  std::size_t steps_written_ = 0;  // queued for writing, at least
  std::size_t steps_answered_ = 0;
  std::string output_;
  std::size_t output_at_ = 0;
  bool sending_data_ = false;
  bool data_ended_ = false;
  std::optional<sdk::SendResult> result_;
  Aftermath aftermath_ = Aftermath::kReady;
};

}  // namespace heliograph::plugins::smtp
