#include "plugins/limiters/redis/tests/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

extern char** environ;

namespace heliograph::plugins::redis::test {

namespace {

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

// Waits without spinning until the next try.
void pause_briefly() { poll(nullptr, 0, 5); }

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  signal(SIGPIPE, SIG_IGN);  // as the gateway does
  std::string pattern = std::filesystem::temp_directory_path() / "heliograph-redis-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder");
  folder_ = pattern;
  port_ = free_port();
  start();
}

RedisServer::~RedisServer() {
  if (pid_ != 0) kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::start() {
  std::vector<std::string> words{
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",  "--dir",  folder_,
      "--save",       "",       "--daemonize",         "no",     "--loglevel", "warning"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawnp(&pid_, "redis-server", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("redis-server cannot be started: is it installed?");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (true) {
    context_.reset(redisConnect("127.0.0.1", port_));
    if (context_ && context_->err == 0) return;
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("redis-server is silent");
    pause_briefly();
  }
}

void RedisServer::kill() {
  context_.reset();
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void RedisServer::pause() { ::kill(pid_, SIGSTOP); }
void RedisServer::resume() { ::kill(pid_, SIGCONT); }

RedisServer::Reply RedisServer::command(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  Reply reply(static_cast<redisReply*>(redisCommandArgv(
      context_.get(), static_cast<int>(texts.size()), texts.data(), lengths.data())));
  if (!reply) throw std::runtime_error("the test's own connection to Redis broke");
  return reply;
}

std::string RedisServer::text(const std::vector<std::string>& words) {
  const Reply reply = command(words);
  return reply->str == nullptr ? "" : std::string(reply->str, static_cast<std::size_t>(reply->len));
}

std::int64_t RedisServer::number(const std::vector<std::string>& words) {
  return command(words)->integer;
}

std::vector<std::string> RedisServer::keys() {
  const Reply reply = command({"KEYS", "*"});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < reply->elements; ++i) names.emplace_back(reply->element[i]->str);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace heliograph::plugins::redis::test
