// The smtp provider: sends e-mails through one mail server over a few kept connections.
//
// A send takes an idle connection, the one used last, or opens another; there is no queue here, the
// window is the number of connections. See session.h for the life of a connection and
// classification.h for what replies mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <heliograph/config.hpp>
#include <heliograph/host.hpp>
#include <heliograph/provider.hpp>
#include <heliograph/timer.hpp>

#include "plugins/providers/smtp/session.h"
#include "plugins/providers/smtp/settings.h"
#include "plugins/providers/smtp/trust.h"

namespace heliograph::plugins::smtp {

class SmtpProvider final : private Session::Owner {
 public:
  // Throws sdk::ConfigError naming the key.
  SmtpProvider(sdk::Host host, const sdk::Config& config);

  // Reads the certificates to trust. Throws sdk::Failure when it cannot, or libcurl cannot what is
  // needed.
  void start();
  void stop();

  [[nodiscard]] sdk::Caps caps() const;
  // HG_E_BUSY: all connections are in use.
  hg_status send(const sdk::Outgoing& outgoing, sdk::SendTicket&& ticket);
  void cancel(hg_op op, hg_status why);

 private:
  void on_closed(Session& session) override;
  void on_stale(std::unique_ptr<Job> job) override;
  void on_connect_result(const sdk::SendResult* why_not) override;

  Session* idle_session();
  Session& new_session();
  std::size_t sessions_in_use() const;

  sdk::Host host_;
  Settings settings_;
  sdk::Metric opened_;
  sdk::Metric open_;
  std::string last_failure_;  // logged when it changes, not for each message
  std::optional<Trust> trust_;
  // Closed ones are destroyed later: they may be on the stack still.
  std::vector<std::unique_ptr<Session>> closed_;
  std::vector<std::unique_ptr<Session>> sessions_;
  sdk::Timer sweep_;
};

}  // namespace heliograph::plugins::smtp
