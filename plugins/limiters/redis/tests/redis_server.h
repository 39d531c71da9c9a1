// A real redis-server for one test: on a free port of 127.0.0.1, in a folder of its own, ended with
// the object. Skips nothing: a machine that builds this has redis-server
// (packaging/install-deps.sh).
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace heliograph::plugins::redis::test {

class RedisServer {
 public:
  // `arguments`: further ones for redis-server.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  // Again on the same port; throws when it does not answer within 10 s.
  void start();
  void kill();  // SIGKILL, and waits
  void pause();
  void resume();

  // A command on a connection of the test's own; throws on a connection error.
  struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;
  Reply command(const std::vector<std::string>& words);
  std::string text(const std::vector<std::string>& words);
  std::int64_t number(const std::vector<std::string>& words);
  std::vector<std::string> keys();

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::vector<std::string> arguments_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
  std::unique_ptr<redisContext, FreeContext> context_;
};

}  // namespace heliograph::plugins::redis::test
