// Test support: a scripted SMTP server on the loopback, in a thread of its own.
//
// It speaks SMTP like a server would, except where the script says otherwise: a command's reply can
// be replaced, the connection closed, or the reply withheld. Everything that happens is recorded;
// wait_for() waits for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "plugins/providers/smtp/tests/certificates.h"

namespace heliograph::plugins::smtp {

// What happens at one point: "GREETING", a verb, "." (the end of the data).
struct Act {
  enum class Kind { kReply, kClose, kSilence };
  Kind kind = Kind::kReply;
  std::string text{};  // without CRLF at its end

  static Act reply(std::string_view text) { return {Kind::kReply, std::string(text)}; }
  static Act close() { return {Kind::kClose, {}}; }
  static Act silence() { return {Kind::kSilence, {}}; }
};

struct Script {
  std::vector<std::string> extensions{"PIPELINING", "SIZE 10000000", "8BITMIME"};
  std::map<std::string, Act, std::less<>> acts{};
  int acts_on_connection = 0;          // others are served as usual; 0: on all
  int acts_from_mail = 1;              // the earlier mails of a connection are served as usual
  const Identity* identity = nullptr;  // offers STARTTLS
  bool implicit_tls = false;
  bool drop_after_mail = false;  // closes when a mail was taken
  std::size_t cut_data_at = 0;   // 552 and close when a mail's data grows larger; 0: never
};

// What it has seen.
struct Seen {
  int connections = 0;
  int closed = 0;  // by the client
  std::vector<std::string> commands;
  std::vector<std::string> mails;  // dots unstuffed
};

class FakeServer {
 public:
  explicit FakeServer(Script script = {});
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] Seen seen() const;
  // How often a command with this beginning came.
  [[nodiscard]] int count(std::string_view command) const;
  // Waits in real time; false after ten seconds.
  bool wait_for(const std::function<bool(const Seen&)>& condition) const;
  bool wait_for_command(std::string_view command) const;

 private:
  class Peer;

  void serve();
  void note(const std::function<void(Seen&)>& change);

  const Script script_;
  int listener_ = -1;
  int stop_fd_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Seen seen_;
  std::vector<std::jthread> peers_;
  std::thread thread_;
};

// A port of the loopback nobody listens on.
int closed_port();

}  // namespace heliograph::plugins::smtp
