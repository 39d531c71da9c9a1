// Session: one connection and the mails that go over it, one after the other.
//
// It has the patience (timers) and the ticket of the mail under way, which it answers exactly once:
// when the transaction is over, when the connection is lost, when the time is up, when it is told
// to stop. [loop], stop() in [ctl].
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <heliograph/host.hpp>
#include <heliograph/send_result.hpp>
#include <heliograph/timer.hpp>

#include "plugins/providers/smtp/connection.h"
#include "plugins/providers/smtp/mail.h"
#include "plugins/providers/smtp/reply.h"
#include "plugins/providers/smtp/settings.h"
#include "plugins/providers/smtp/transaction.h"
#include "plugins/providers/smtp/trust.h"

namespace heliograph::plugins::smtp {

// A mail and the duty to say what became of it.
struct Job {
  sdk::SendTicket ticket;
  Mail mail;
  sdk::MonoTime deadline{};  // MonoTime{}: none
  bool repeated = false;     // a kept connection turned out to be dead: this is its second
};

class Session final : private Connection::Listener {
 public:
  enum class State : std::uint8_t { kConnecting, kBusy, kIdle, kLeaving, kClosed };

  // May not destroy the session in a call.
  class Owner {
   public:
    // Nothing more will come from it.
    virtual void on_closed(Session& session) = 0;
    // The server had closed this kept connection before the mail was begun.
    virtual void on_stale(std::unique_ptr<Job> job) = 0;
    // Why there is no connection; nullptr: there is one.
    virtual void on_connect_result(const sdk::SendResult* why_not) = 0;

   protected:
    ~Owner() = default;
  };

  // `settings`, `trust` and `owner` outlive it.
  Session(sdk::Host host, const Settings& settings, const Trust& trust, Owner& owner);

  [[nodiscard]] State state() const noexcept { return state_; }

  // Connects for it, the first time; later in state kIdle only.
  void take(std::unique_ptr<Job> job);
  // Nobody waits for the mail of that op any more. False: it is not here.
  bool cancel(hg_op op, hg_status why);
  // Answers what is open and closes.
  void stop();

 private:
  void on_connected() override;
  void on_connect_failed(const sdk::SendResult& why) override;
  void on_ready() override;

  void begin();
  void read_replies();
  void write_some();
  void on_reply(const Reply& reply);
  void on_lost();
  void on_time_up();
  void settle();
  void leave();
  void close();
  void give_up(std::string_view reason);
  bool stale() const;
  void hand_back();
  void arm(std::chrono::nanoseconds patience);

  sdk::Host host_;
  const Settings& settings_;
  Owner& owner_;
  State state_ = State::kConnecting;
  std::unique_ptr<Job> job_;
  std::optional<Transaction> transaction_;  // of the job's mail
  ReplyReader replies_;
  std::uint32_t mails_ = 0;
  bool needs_reset_ = false;
  sdk::Timer timer_;
  Connection connection_;
};

}  // namespace heliograph::plugins::smtp
