// Load over HTTP for benchmarks, from one thread.
//
//   heliograph_load --port 8080 --rate 5000 --arrivals poisson --seconds 10 --body B [--key K]
//
// Open loop (--rate): a request is due at its time whether earlier ones were answered or not, waits
// for one of the connections when all are busy, and its latency counts from the time it was due.
// Closed loop (no --rate): every connection sends as soon as it has its answer.
//
// Standard output is one line of JSON; --samples takes every latency (uint64, ns, host order),
// --ids takes "message_id due" of each answer (Unix time in ns), to be joined with what a provider
// saw.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/arrival_plan.h"

namespace heliograph::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// How long answers are waited for when the last request is out.
constexpr std::chrono::seconds kLastAnswers{20};

struct Options {
  std::uint16_t port = 8080;
  std::string path = "/v1/messages";
  std::string body;
  std::string key;
  double rate = 0;  // 0: closed loop
  Arrivals arrivals = Arrivals::kConstant;
  double seconds = 5;
  std::size_t connections = 64;
  std::uint64_t seed = 1;
  std::string samples;
  std::string ids;
};

struct Tally {
  std::vector<std::uint64_t> latency_ns;
  std::vector<std::pair<std::string, std::int64_t>> ids;
  std::uint64_t errors = 0;
  std::uint64_t refused = 0;  // answered, and not with 2xx
  std::uint64_t failed = 0;   // of these, what is no refusal: neither 429 nor 503
  std::uint64_t unanswered = 0;
  Clock::time_point last{};
};

std::string request_text(const Options& options) {
  auto text = fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n",
      options.path, options.port, options.body.size());
  if (!options.key.empty()) text += "X-API-Key: " + options.key + "\r\n";
  return text + "\r\n" + options.body;
}

// The value of "message_id" in an answer; empty: there is none.
std::string message_id(const std::string& body) {
  constexpr std::string_view name = "\"message_id\":\"";
  const auto at = body.find(name);
  if (at == std::string::npos) return {};
  const auto from = at + name.size();
  return body.substr(from, body.find('"', from) - from);
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        request_(request_text(options)),
        plan_(options.arrivals, options.rate > 0 ? options.rate : 1, options.seed),
        ticker_(context_) {}

  Tally run() {
    began_ = Clock::now();
    wall_began_ns_ =
        std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
    until_ = began_ + std::chrono::duration_cast<Clock::duration>(
                          std::chrono::duration<double>(options_.seconds));
    for (std::size_t i = 0; i < options_.connections; ++i)
      asio::co_spawn(context_, connection(), asio::detached);
    if (options_.rate > 0) asio::co_spawn(context_, tick(), asio::detached);
    context_.run_until(until_ + kLastAnswers);
    tally_.unanswered = due_.size() + busy_;
    return std::move(tally_);
  }

 private:
  // Makes requests due and wakes connections for them.
  asio::awaitable<void> tick() {
    for (auto at = began_ + plan_.next(); at < until_; at = began_ + plan_.next()) {
      if (at > Clock::now()) {
        ticker_.expires_at(at);
        co_await ticker_.async_wait(asio::use_awaitable);
      }
      due_.push_back(at);
      if (idle_.empty()) continue;
      idle_.back()->cancel();
      idle_.pop_back();
    }
    over_ = true;
    for (auto* timer : idle_) timer->cancel();
    idle_.clear();
  }

  // The time at which the next request was due; none: there are no more.
  asio::awaitable<std::optional<Clock::time_point>> next() {
    if (options_.rate <= 0) {
      const auto now = Clock::now();
      co_return now < until_ ? std::optional{now} : std::nullopt;
    }
    asio::steady_timer woken(context_, Clock::time_point::max());
    while (due_.empty() && !over_) {
      woken.expires_at(Clock::time_point::max());
      idle_.push_back(&woken);
      error_code ignored;
      co_await woken.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (due_.empty()) co_return std::nullopt;
    const auto at = due_.front();
    due_.pop_front();
    co_return at;
  }

  asio::awaitable<void> connection() {
    std::optional<tcp::socket> socket;
    boost::beast::flat_buffer buffer;
    while (true) {
      const auto due = co_await next();
      if (!due) co_return;
      ++busy_;
      const auto failed = co_await exchange(socket, buffer, *due);
      --busy_;
      if (!failed) continue;
      ++tally_.errors;
      socket.reset();
      buffer.clear();
    }
  }

  asio::awaitable<error_code> exchange(std::optional<tcp::socket>& socket,
                                       boost::beast::flat_buffer& buffer, Clock::time_point due) {
    error_code error;
    if (!socket) {
      socket.emplace(context_);
      const tcp::endpoint peer{asio::ip::address_v4::loopback(), options_.port};
      co_await socket->async_connect(peer, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return error;
      socket->set_option(tcp::no_delay(true));
    }
    co_await asio::async_write(*socket, asio::buffer(request_),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
    http::response<http::string_body> response;
    co_await http::async_read(*socket, buffer, response,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return error;
    record(due, response);
    if (!response.keep_alive()) socket.reset();
    co_return error;
  }

  void record(Clock::time_point due, const http::response<http::string_body>& response) {
    tally_.last = Clock::now();
    const auto waited = std::chrono::nanoseconds{tally_.last - due}.count();
    tally_.latency_ns.push_back(static_cast<std::uint64_t>(waited));
    const auto status = response.result_int();
    if (status / 100 != 2) {
      ++tally_.refused;
      if (status != 429 && status != 503) ++tally_.failed;
    }
    if (options_.ids.empty()) return;
    const auto due_ns = wall_began_ns_ + std::chrono::nanoseconds{due - began_}.count();
    tally_.ids.emplace_back(message_id(response.body()), due_ns);
  }

  const Options& options_;
  const std::string request_;
  ArrivalPlan plan_;
  asio::io_context context_{1};
  asio::steady_timer ticker_;
  std::deque<Clock::time_point> due_;
  std::vector<asio::steady_timer*> idle_;  // of connections that have nothing to send
  std::size_t busy_ = 0;
  bool over_ = false;
  Clock::time_point began_;
  Clock::time_point until_;
  std::int64_t wall_began_ns_ = 0;
  Tally tally_;
};

void write_files(const Options& options, const Tally& tally) {
  if (!options.samples.empty()) {
    std::ofstream file(options.samples, std::ios::binary);
    file.write(reinterpret_cast<const char*>(tally.latency_ns.data()),
               static_cast<std::streamsize>(tally.latency_ns.size() * sizeof(std::uint64_t)));
  }
  if (options.ids.empty()) return;
  std::ofstream file(options.ids);
  for (const auto& [id, due_ns] : tally.ids) file << id << ' ' << due_ns << '\n';
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Load over HTTP for benchmarks"};
  app.add_option("--port", options.port)->required();
  app.add_option("--path", options.path);
  app.add_option("--body", options.body)->required();
  app.add_option("--key", options.key);
  app.add_option("--rate", options.rate, "Requests a second; 0: closed loop")
      ->check(CLI::NonNegativeNumber);
  const std::map<std::string, Arrivals> names{{"constant", Arrivals::kConstant},
                                              {"poisson", Arrivals::kPoisson}};
  app.add_option("--arrivals", options.arrivals)->transform(CLI::CheckedTransformer(names));
  app.add_option("--seconds", options.seconds)->check(CLI::PositiveNumber);
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10'000));
  app.add_option("--seed", options.seed);
  app.add_option("--samples", options.samples);
  app.add_option("--ids", options.ids);
  CLI11_PARSE(app, argc, argv);

  const auto began = Clock::now();
  const auto tally = Load(options).run();
  write_files(options, tally);
  const std::chrono::duration<double> lasted = tally.last - began;
  fmt::print(
      R"({{"requests":{},"errors":{},"non2xx":{},"failed":{},"unanswered":{},"seconds":{:.3f}}})"
      "\n",
      tally.latency_ns.size(), tally.errors, tally.refused, tally.failed, tally.unanswered,
      tally.latency_ns.empty() ? options.seconds : lasted.count());
  return tally.latency_ns.empty() ? 1 : 0;
}

}  // namespace
}  // namespace heliograph::bench

int main(int argc, char** argv) {
  try {
    return heliograph::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "heliograph_load: " << error.what() << '\n';
    return 1;
  }
}
