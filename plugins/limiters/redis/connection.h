// Connection: one connection to Redis on the gateway's loop (hiredis over hg.fd/1), greeted,
// watched and made anew with backoff when it breaks.
//
// Commands are pipelined: run() only queues, flush() writes what is queued in one go. Every command
// is answered exactly once, in order; a connection that owes an answer longer than command_timeout
// is given up, and all that it owes is answered with nothing. [loop], open() and close() [ctl] too.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/fd.hpp>
#include <heliograph/host.hpp>
#include <heliograph/timer.hpp>

#include "plugins/limiters/redis/greeting.h"
#include "plugins/limiters/redis/resolver.h"
#include "plugins/limiters/redis/settings.h"

struct redisAsyncContext;
struct redisReply;

namespace heliograph::plugins::redis {

class Connection {
 public:
  // nullptr: the connection was lost before an answer came; the command may have been carried out.
  // An error of the server is a reply too. Lives for the call only.
  using OnReply = std::function<void(const redisReply*)>;
  // True: greeted and usable from now on. False: an attempt failed, or the connection was lost.
  using OnChange = std::function<void(bool)>;

  Connection(sdk::Host host, const Settings& settings, OnChange on_change);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void open();
  // Answers what is owed with nothing and stays closed.
  void close();

  bool ready() const { return state_ == State::kReady; }
  // Names the run of the server we are connected to: another after each restart.
  const std::string& run_id() const { return run_id_; }

  // Queues a script; `keys_and_args` begins with the keys. False when not ready: nothing will be
  // answered. A script the server has forgotten is sent again in full.
  bool run(Script script, std::size_t keys, Words keys_and_args, OnReply done);
  void flush();
  // Deletes a key, at once; nobody hears of the outcome.
  void remove(const std::string& key);

 private:
  enum class State { kClosed, kWaiting, kConnecting, kGreeting, kReady };
  struct Call;
  struct Hooks;

  void connect_to(const std::string& address, const std::string& error);
  void greet();
  void on_greeted(std::size_t position, const redisReply* reply);
  bool send(Call* call);
  void answered(Call* call, const redisReply* reply);
  void on_fd(std::uint32_t ready);
  void set_interest(std::uint32_t interest);
  void drop(const std::string& reason);
  void lost(const std::string& reason);
  void watch_answers();
  std::string address() const;

  sdk::Host host_;
  const Settings& settings_;
  OnChange on_change_;
  sdk::FdWatch watch_;
  sdk::Timer connect_timer_;
  sdk::Timer retry_timer_;
  sdk::Timer answer_timer_;
  Resolver resolver_;
  State state_ = State::kClosed;
  redisAsyncContext* context_ = nullptr;  // hiredis frees it; Hooks::cleanup forgets it
  std::uint32_t interest_ = 0;
  bool queueing_ = false;
  std::deque<sdk::MonoTime> sent_at_;  // of what is owed, oldest first
  std::vector<Words> greeting_;
  std::size_t greetings_owed_ = 0;
  std::array<std::string, kScripts> shas_;
  std::string run_id_ = "?";
  std::string last_problem_;
  std::chrono::nanoseconds backoff_;
};

}  // namespace heliograph::plugins::redis
