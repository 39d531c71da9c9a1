// What a command that asks a gateway ends with.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"

namespace heliograph::app {
namespace {

struct Run {
  const Remote& remote;

  int operator()(const SendCommand& command) const {
    try {
      return send_message(remote, command);
    } catch (const GatewayUnreachable& error) {
      if (!error.may_have_arrived()) throw;
      fmt::print(stderr, "heliograph: {}\nThe message may have been taken{}\n", error.what(),
                 command.idempotency_key.empty()
                     ? ". With --idempotency-key a command can be repeated safely."
                     : ": repeat the command with the same --idempotency-key to know.");
      return kExitRuntime;
    }
  }
  int operator()(const MessagesListCommand& command) const {
    return list_messages(remote, command);
  }
  int operator()(const MessageShowCommand& command) const { return show_message(remote, command); }
  int operator()(const MessageCancelCommand& command) const {
    return cancel_message(remote, command);
  }
  int operator()(const MessagesRequeueCommand& command) const {
    return requeue_messages(remote, command);
  }
  int operator()(const TopCommand& command) const { return show_top(remote, command); }
  int operator()(const LogLevelCommand& command) const { return log_level(remote, command); }
};

}  // namespace

int run_remote_command(const RemoteCommand& command) {
  try {
    return std::visit(Run{command.remote}, command.action);
  } catch (const UsageError& error) {
    fmt::print(stderr, "heliograph: {}\n", error.what());
    return kExitUsage;
  } catch (const nlohmann::json::exception&) {
    fmt::print(stderr, "heliograph: the answer is not one of this version's API\n");
    return kExitRuntime;
  }
}

}  // namespace heliograph::app
