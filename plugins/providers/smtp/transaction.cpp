#include "plugins/providers/smtp/transaction.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

constexpr std::array kSteps{Step::kReset, Step::kMail, Step::kRecipient, Step::kData,
                            Step::kContent};

std::span<const Step> steps_of(const Transaction::Circumstances& circumstances) {
  return std::span(kSteps).subspan(circumstances.reset_first ? 0 : 1);
}

bool accepts(Step step, const Reply& reply) {
  return step == Step::kData ? reply.code == 354 : reply.good();
}

}  // namespace

Transaction::Transaction(const Mail& mail, const Circumstances& circumstances)
    : mail_(mail),
      circumstances_(circumstances),
      reader_(mail.segments),
      steps_(steps_of(circumstances)) {
  const Extensions& offered = circumstances_.extensions;
  if (mail_.international && !(offered.smtputf8 && offered.eight_bit)) {
    // RFC 6531 section 3.2; the code is of RFC 3463 by way of RFC 6533.
    sdk::SendResult result =
        sdk::SendResult::rejected("the server does not take addresses beyond ASCII (no SMTPUTF8)");
    result.provider_code = "5.6.7";
    decide(std::move(result),
           circumstances_.reset_first ? Aftermath::kNeedsReset : Aftermath::kReady);
    return;
  }
  queue_commands();
}

std::string Transaction::command_of(Step step) const {
  const Extensions& offered = circumstances_.extensions;
  switch (step) {
    case Step::kReset:
      return "RSET\r\n";
    case Step::kMail:
      return "MAIL FROM:<" + mail_.sender + ">" +
             (offered.size ? " SIZE=" + std::to_string(mail_.size_estimate()) : "") +
             (mail_.international ? " BODY=8BITMIME SMTPUTF8" : "") + "\r\n";
    case Step::kRecipient:
      return "RCPT TO:<" + mail_.recipient + ">\r\n";
    default:
      return "DATA\r\n";
  }
}

void Transaction::queue_commands() {
  const std::size_t commands = steps_.size() - 1;
  const std::size_t until =
      circumstances_.extensions.pipelining ? commands : std::min(steps_written_ + 1, commands);
  for (; steps_written_ < until; ++steps_written_) output_ += command_of(steps_[steps_written_]);
}

std::string_view Transaction::to_write() {
  if (output_at_ == output_.size()) {
    output_.clear();
    output_at_ = 0;
    if (sending_data_) output_ = reader_.next();
  }
  return std::string_view(output_).substr(output_at_);
}

void Transaction::written(std::size_t count) {
  output_at_ += count;
  if (!sending_data_ || output_at_ < output_.size() || !reader_.ended()) return;
  sending_data_ = false;
  data_ended_ = true;
  ++steps_written_;
}

void Transaction::on_reply(const Reply& reply) {
  if (steps_answered_ >= steps_written_) return on_unasked_reply(reply);
  const Step step = steps_[steps_answered_++];
  if (reply.code == 421) aftermath_ = Aftermath::kSpoilt;
  if (!result_) {
    on_step_reply(step, reply);
  } else if (step == Step::kData && reply.code == 354) {
    // Waits for data that must not come: closing is the one way to send none.
    aftermath_ = Aftermath::kSpoilt;
  }
}

// 421 before a shutdown most likely, or a mail cut off because it grew too large.
void Transaction::on_unasked_reply(const Reply& reply) {
  if (!result_ && reply.code >= 400) {
    decide(failure_of(steps_[steps_answered_], reply, circumstances_.own_sender),
           Aftermath::kSpoilt);
  }
  on_lost("the server spoke out of turn");
}

void Transaction::on_step_reply(Step step, const Reply& reply) {
  const bool closing = reply.code == 421 || (step == Step::kReset && !reply.good());
  if (!accepts(step, reply)) {
    const bool clean = step == Step::kContent && !reply.good() && reply.code >= 400;
    const Aftermath otherwise = clean ? Aftermath::kReady : Aftermath::kNeedsReset;
    decide(failure_of(step, reply, circumstances_.own_sender),
           closing ? Aftermath::kSpoilt : otherwise);
    return;
  }
  if (step == Step::kContent) {
    decide(success_of(reply, mail_.message_id), Aftermath::kReady);
  } else if (step == Step::kData) {
    sending_data_ = true;
  } else {
    queue_commands();
  }
}

void Transaction::on_lost(std::string_view reason) {
  if (!result_) decide(lost(data_ended_, reason), Aftermath::kSpoilt);
  aftermath_ = Aftermath::kSpoilt;
  steps_answered_ = std::max(steps_answered_, steps_written_);
}

void Transaction::decide(sdk::SendResult result, Aftermath aftermath) {
  result_ = std::move(result);
  aftermath_ = std::max(aftermath_, aftermath);
  sending_data_ = false;
}

}  // namespace heliograph::plugins::smtp
