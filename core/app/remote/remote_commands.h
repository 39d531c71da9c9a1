// The commands that ask a running gateway over HTTP: what the command line says, and who carries it
// out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace heliograph::app {

// Whom to ask, and how to answer. What is empty comes from HELIOGRAPH_URL and HELIOGRAPH_API_KEY.
struct Remote {
  std::string url;
  std::string key_file;  // holds the API key; a key is never an argument, which `ps` would show
  bool json = false;
};

// What is empty is not said to the gateway, whose defaults hold then.
struct SendCommand {
  std::string to;
  std::string from;
  std::optional<std::string> text;  // else `file`; neither: standard input, unless `media`
  std::string file;
  std::string channel;
  std::string subject;
  std::string html_file;
  std::vector<std::string> media;
  std::string priority;
  std::string provider;
  std::string send_at;
  std::string validity;
  std::string reference;
  std::string callback_url;
  std::vector<std::string> metadata;  // NAME=VALUE
  std::string idempotency_key;
  std::optional<std::int64_t> wait;  // seconds
};

struct MessagesListCommand {
  std::vector<std::pair<std::string, std::string>> filters;  // as the API names them
  bool dead_letters = false;
  std::int64_t limit = 50;
  std::string cursor;
};
struct MessageShowCommand {
  std::string id;
};
struct MessageCancelCommand {
  std::string id;
};
struct MessagesRequeueCommand {
  std::vector<std::string> ids;
  bool all = false;                                          // those that match `filters`
  std::vector<std::pair<std::string, std::string>> filters;  // as the API names them
  std::string validity;
};

struct TopCommand {
  bool once = false;
  std::int64_t interval_ms = 1'000;
};
struct LogLevelCommand {
  std::string level;  // empty: only tell it
};

struct RemoteCommand {
  Remote remote;
  std::variant<SendCommand, MessagesListCommand, MessageShowCommand, MessageCancelCommand,
               MessagesRequeueCommand, TopCommand, LogLevelCommand>
      action;
};

// Adds the commands to the program's. `chosen` is called with the one that was named, while `root`
// parses; both outlive the call of root.parse().
void add_remote_commands(CLI::App& root, std::function<void(RemoteCommand)> chosen);

// Exit code; prints its own errors. Throws UsageError and GatewayUnreachable (api_client.h), which
// run_remote_command() turns into exit codes.
int run_remote_command(const RemoteCommand& command);
int send_message(const Remote& remote, const SendCommand& command);
int list_messages(const Remote& remote, const MessagesListCommand& command);
int show_message(const Remote& remote, const MessageShowCommand& command);
int cancel_message(const Remote& remote, const MessageCancelCommand& command);
int requeue_messages(const Remote& remote, const MessagesRequeueCommand& command);
int show_top(const Remote& remote, const TopCommand& command);
int log_level(const Remote& remote, const LogLevelCommand& command);

}  // namespace heliograph::app
