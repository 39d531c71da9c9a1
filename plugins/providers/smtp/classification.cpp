#include "plugins/providers/smtp/classification.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace heliograph::plugins::smtp {

namespace {

bool says(const Reply& reply, std::string_view word) {
  const auto equal = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  };
  return std::search(reply.text.begin(), reply.text.end(), word.begin(), word.end(), equal) !=
         reply.text.end();
}

// 421 closes the channel (RFC 5321 section 3.8). 4.7.x are policies of all kinds, greylisting too,
// which wants this one mail later and nothing else: only those that speak of a rate slow us down.
bool asks_to_slow_down(const Reply& reply) {
  if (reply.code == 421) return true;
  if (!reply.transient() || !reply.enhanced.starts_with("4.7.")) return false;
  constexpr std::array<std::string_view, 6> kWords{"rate",  "too many", "too much",
                                                   "limit", "throttl",  "slow down"};
  return reply.enhanced == "4.7.28" ||
         std::ranges::any_of(kWords, [&](std::string_view word) { return says(reply, word); });
}

// The server lacks a command or disagrees about the dialogue, or wants credentials first
// (RFC 4954 section 6). No message could pass.
bool refuses_us(const Reply& reply) {
  return (reply.code >= 500 && reply.code <= 504) || reply.code == 530 || reply.code == 535;
}

std::uint32_t of_sender(const Reply& reply, bool own_sender) {
  const bool too_large = reply.code == 552 || reply.enhanced == "5.3.4";
  if (too_large) return HG_REJECTED;
  const bool about_the_address = reply.code == 553 || reply.enhanced == "5.1.7" ||
                                 reply.enhanced == "5.1.8" || reply.enhanced == "5.6.7";
  return about_the_address && !own_sender ? HG_REJECTED : HG_REFUSED;
}

// Servers that do not know us answer so to every recipient that is not their own. All common ones
// say the word; the codes 550 and 554 5.7.1 mean many other things too.
std::uint32_t of_recipient(const Reply& reply) {
  return says(reply, "relay") ? HG_REFUSED : HG_REJECTED;
}

std::uint32_t permanent_outcome(Step step, const Reply& reply, bool own_sender) {
  if (step == Step::kReset) return HG_RETRY;
  if (step < Step::kContent && refuses_us(reply)) return HG_REFUSED;
  switch (step) {
    case Step::kMail:
      return of_sender(reply, own_sender);
    case Step::kRecipient:
      return of_recipient(reply);
    case Step::kData:
    case Step::kContent:
      return HG_REJECTED;
    default:
      return HG_REFUSED;
  }
}

std::uint32_t outcome_of(Step step, const Reply& reply, bool own_sender) {
  if (asks_to_slow_down(reply)) return HG_THROTTLED;
  // 432: a password transition is needed; 454: a "temporary" failure that stays until somebody
  // looks after the credentials' backend.
  if (step == Step::kAuth && (reply.code == 432 || reply.code == 454)) return HG_REFUSED;
  if (reply.permanent()) return permanent_outcome(step, reply, own_sender);
  // A 2xx or 3xx where another was due: before the end of the data that sent nothing.
  return reply.transient() || step < Step::kContent ? HG_RETRY : HG_UNKNOWN;
}

std::string_view sentence_of(std::uint32_t outcome) {
  switch (outcome) {
    case HG_THROTTLED:
      return "the server asks to slow down";
    case HG_REJECTED:
      return "the server rejects the message";
    case HG_REFUSED:
      return "the server does not serve us";
    case HG_RETRY:
      return "the server cannot take the message now";
    default:
      return "the server's reply has no meaning here";
  }
}

std::string code_of(const Reply& reply) {
  return reply.enhanced.empty() ? std::to_string(reply.code) : reply.enhanced;
}

}  // namespace

std::string_view name_of(Step step) {
  constexpr std::array<std::string_view, 9> kNames{
      "the greeting", "EHLO", "STARTTLS", "AUTH", "RSET", "MAIL", "RCPT", "DATA", "the content"};
  return kNames[static_cast<std::size_t>(step)];
}

sdk::SendResult failure_of(Step step, const Reply& reply, bool own_sender) {
  sdk::SendResult result;
  result.outcome = outcome_of(step, reply, own_sender);
  result.status_code = reply.code;
  result.provider_code = code_of(reply);
  result.detail.append(sentence_of(result.outcome)).append(": ").append(std::to_string(reply.code));
  if (!reply.enhanced.empty()) result.detail.append(" ").append(reply.enhanced);
  result.detail.append(" to ").append(name_of(step));
  return result;
}

sdk::SendResult success_of(const Reply& reply, std::string_view message_id) {
  const std::string id = queue_id_of(reply.text);
  sdk::SendResult result = sdk::SendResult::sent(id.empty() ? message_id : id);
  result.status_code = reply.code;
  result.provider_code = reply.enhanced;
  return result;
}

sdk::SendResult lost(bool data_ended, std::string_view reason) {
  return data_ended ? sdk::SendResult::unknown(reason) : sdk::SendResult::retry(reason);
}

}  // namespace heliograph::plugins::smtp
