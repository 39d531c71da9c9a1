// The world around a plugin host in tests: a real loop on a thread of its own, a log and pipeline
// events that can be waited for, an HTTP client that answers by script.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/plugin/plugin_host.h"
#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {

inline constexpr std::chrono::seconds kPatience{20};

class RealClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override {
    return ports::MonoTime{std::chrono::steady_clock::now().time_since_epoch()};
  }
  model::TimePoint wall() const override { return real_wall(); }
  model::TimePoint real_wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

class TestLoop final : public ports::Loop {
 public:
  TestLoop() : work_(boost::asio::make_work_guard(context_)) {}
  ~TestLoop() override { stop(); }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;
  void start() {
    thread_ = std::thread([this] { context_.run(); });
  }
  void stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void post(base::Task task) override {
    boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
  }
  ports::TimerId run_at(ports::MonoTime at, base::Task task) override {
    const auto id = ++last_id_;
    auto timer = std::make_unique<boost::asio::steady_timer>(
        context_, std::chrono::steady_clock::time_point{at.time_since_epoch()});
    timer->async_wait([this, id, task = std::move(task)](const auto& error) mutable {
      timers_.erase(id);
      if (!error) task();
    });
    timers_[id] = std::move(timer);
    return ports::TimerId{id};
  }
  void cancel(ports::TimerId id) override { timers_.erase(static_cast<std::uint64_t>(id)); }
  boost::asio::io_context& context() { return context_; }
  // Runs `task` on the loop and waits for what it returns.
  template <class Task>
  auto run(Task task) {
    using Result = decltype(task());
    std::packaged_task<Result()> packaged(std::move(task));
    auto result = packaged.get_future();
    post([&packaged] { packaged(); });
    return result.get();
  }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<std::uint64_t, std::unique_ptr<boost::asio::steady_timer>> timers_;
  std::uint64_t last_id_ = 0;
  std::thread thread_;
};

// Waits for what other threads do, with a deadline.
class Watched {
 public:
  bool wait(const std::function<bool()>& until) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, until);
  }

 protected:
  template <class Change>
  void change(Change apply) {
    {
      const std::lock_guard lock(mutex_);
      apply();
    }
    changed_.notify_all();
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
};

class RecordingLog final : public ports::Log, public Watched {
 public:
  bool enabled(ports::LogLevel level) const override { return level >= ports::LogLevel::kInfo; }
  void write(ports::LogLevel, std::string_view event, const ports::LogField* fields,
             std::size_t count) override {
    auto line = std::string{event};
    for (std::size_t i = 0; i < count; ++i) {
      line += " " + std::string{fields[i].first} + "=" + std::string{fields[i].second};
    }
    change([&] { lines_.push_back(line); });
  }
  bool wait_for(const std::string& part) {
    return wait([&] { return contains(part); });
  }
  bool has(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return contains(part);
  }

 private:
  bool contains(const std::string& part) const {
    return std::ranges::any_of(lines_, [&](const auto& line) { return line.contains(part); });
  }
  std::vector<std::string> lines_;
};

// Takes the pipeline's place.
class RecordingEvents final : public ports::ProviderEvents, public Watched {
 public:
  void on_send_result(model::ProviderKey, ports::SendTicket ticket,
                      model::AttemptResult result) override {
    change([&] {
      ++results_total_;
      results_[static_cast<std::uint64_t>(ticket)].push_back(std::move(result));
    });
  }
  void on_begin_missed(model::ProviderKey, ports::SendTicket ticket) override {
    change([&] {
      ++results_total_;
      missed_.insert(static_cast<std::uint64_t>(ticket));
    });
  }
  void on_window(model::ProviderKey, std::uint32_t max_in_flight) override {
    change([&] { window_ = max_in_flight; });
  }
  void on_quarantine(model::ProviderKey, std::string reason) override {
    change([&] { quarantine_ = std::move(reason); });
  }
  void on_report(model::ProviderKey, ports::ProviderReport report,
                 base::UniqueFunction<void(bool)> done) override {
    change([&] {
      receipts_.insert(receipts_.end(), report.receipts.begin(), report.receipts.end());
      inbound_.insert(inbound_.end(), report.inbound.begin(), report.inbound.end());
    });
    if (!drop_receipts_) done(durable_);
  }

  // The one result of a send; fails the test when there is none, or more than one.
  model::AttemptResult result(std::uint64_t ticket) {
    EXPECT_TRUE(wait([&] { return results_.contains(ticket); })) << "no result for " << ticket;
    const std::lock_guard lock(mutex_);
    const auto found = results_.find(ticket);
    if (found == results_.end()) return {};
    EXPECT_EQ(found->second.size(), 1U);
    return found->second.front();
  }
  bool wait_missed(std::uint64_t ticket) {
    return wait([&] { return missed_.contains(ticket); });
  }
  bool has_result(std::uint64_t ticket) const {
    const std::lock_guard lock(mutex_);
    return results_.contains(ticket);
  }
  std::size_t results_total() const {
    const std::lock_guard lock(mutex_);
    return results_total_;
  }
  bool wait_window(std::uint32_t window) {
    return wait([&] { return window_ == window; });
  }
  std::optional<std::uint32_t> window() const {
    const std::lock_guard lock(mutex_);
    return window_;
  }
  bool has_quarantine() const {
    const std::lock_guard lock(mutex_);
    return quarantine_.has_value();
  }
  bool wait_results(std::size_t total) {
    return wait([&] { return results_total_ >= total; });
  }
  // Results that say so.
  std::size_t unknown() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [ticket, results] : results_) {
      count += static_cast<std::size_t>(
          std::ranges::count(results, model::Outcome::kUnknown, &model::AttemptResult::outcome));
    }
    return count;
  }
  std::string wait_quarantine() {
    EXPECT_TRUE(wait([&] { return quarantine_.has_value(); }));
    return quarantine_.value_or("");
  }
  std::vector<model::Receipt> receipts() const {
    const std::lock_guard lock(mutex_);
    return receipts_;
  }
  std::atomic<bool> durable_{true};
  std::atomic<bool> drop_receipts_{false};

 private:
  std::map<std::uint64_t, std::vector<model::AttemptResult>> results_;
  std::set<std::uint64_t> missed_;
  std::size_t results_total_ = 0;
  std::optional<std::uint32_t> window_;
  std::optional<std::string> quarantine_;
  std::vector<model::Receipt> receipts_;
  std::vector<model::InboundMessage> inbound_;
};

// Answers every request to http://ok/ with 200, one to http://cold/ so only where nothing says by
// when it must begin, and keeps the others until they are cancelled.
class ScriptedHttp final : public ports::HttpClientFactory {
 public:
  explicit ScriptedHttp(ports::Loop& loop) : loop_(loop) {}
  std::unique_ptr<ports::HttpClient> make(const ports::HttpPoolOptions& options) override {
    options_ = options;
    return std::make_unique<Client>(loop_);
  }
  const ports::HttpPoolOptions& options() const { return options_; }

 private:
  class Client final : public ports::HttpClient {
   public:
    explicit Client(ports::Loop& loop) : loop_(loop) {}
    std::expected<Id, ports::HttpRefusal> request(
        ports::OutgoingRequest request,
        base::UniqueFunction<void(ports::OutgoingResponse)> done) override {
      if (request.url == "http://busy/") return std::unexpected(ports::HttpRefusal::kBusy);
      const auto id = ++last_id_;
      const bool cold = request.url.starts_with("http://cold/");
      if (cold && request.begin_by != ports::MonoTime::max()) {
        ports::OutgoingResponse response;
        response.status = ports::HttpStatus::kDeadline;
        response.begin_missed = true;
        answer(std::move(done), std::move(response));
        return id;
      }
      if (!cold && !request.url.starts_with("http://ok/")) {
        waiting_.emplace(id, std::move(done));
        return id;
      }
      ports::OutgoingResponse response;
      response.status = ports::HttpStatus::kOk;
      response.progress = ports::HttpProgress::kComplete;
      response.code = 200;
      response.body = request.method + " " + request.body;
      answer(std::move(done), std::move(response));
      return id;
    }
    void cancel(Id id) override {
      const auto found = waiting_.find(id);
      if (found == waiting_.end()) return;
      ports::OutgoingResponse response;
      response.status = ports::HttpStatus::kCancelled;
      response.detail = "cancelled";
      answer(std::move(found->second), std::move(response));
      waiting_.erase(found);
    }

   private:
    void answer(base::UniqueFunction<void(ports::OutgoingResponse)> done,
                ports::OutgoingResponse response) {
      loop_.post([done = std::move(done), response = std::move(response)]() mutable {
        done(std::move(response));
      });
    }
    ports::Loop& loop_;
    std::map<Id, base::UniqueFunction<void(ports::OutgoingResponse)>> waiting_;
    Id last_id_ = 0;
  };
  ports::Loop& loop_;
  ports::HttpPoolOptions options_;
};

// Configuration pieces.
inline config::Provider probe(const std::string& id, const std::string& json = R"({"url":"x"})") {
  config::Provider provider;
  provider.id = id;
  provider.plugin = "probe";
  provider.config = {.json = json, .where = "test.toml:7: [provider.config]"};
  return provider;
}
inline config::Provider probe_mode(const std::string& mode) {
  return probe("p1", R"({"url":"x","mode":")" + mode + "\"}");
}

// A host with one loop; options are changed before load().
class Host {
 public:
  Host() {
    options.distributor.plugin = "probe";
    options.limiter.plugin = "probe";
    options.plugins.files.push_back(
        {.id = "probe", .file = test_plugin("probe").string(), .sha256 = {}, .required = true});
    options.copy_folder = folder_.path() / "copies";
    options.gateway_version = "test";
    // Tests run on busy machines and under sanitizers; what is slow there is not the subject.
    options.budgets.loop_call = std::chrono::seconds{20};
    options.budgets.pick = std::chrono::seconds{20};
    options.budgets.create = std::chrono::seconds{20};
    options.budgets.load = std::chrono::seconds{20};
  }
  // Like the composition root: plugins before the loop, handles before both.
  ~Host() {
    if (host) host->stop();
    loop.stop();
    host.reset();
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void load() {
    host = std::make_unique<PluginHost>(
        options,
        HostServices{
            .loop = loop, .clock = clock, .log = &log, .http = &http, .io = &loop.context()});
    host->load();
  }
  void run() {
    load();
    loop.start();
    host->start([](const std::string&) { return model::ProviderKey{5}; });
    host->connect(events);
  }
  // Sends a message of this text through provider p1. Returns what send() said.
  bool send(std::uint64_t ticket, const std::string& text,
            std::chrono::nanoseconds timeout = std::chrono::minutes{1},
            ports::MonoTime begin_by = ports::MonoTime::max()) {
    model::WorkItem item;
    item.id = model::MessageId::from_parts(1'000'000 + static_cast<std::int64_t>(ticket), 1);
    item.to = "+14155552671";
    item.from = "TEST";
    item.text = text;
    item.metadata_json = metadata;
    item.rich = !content.empty();
    const ports::SendRequest request{.ticket = ports::SendTicket{ticket},
                                     .item = &item,
                                     .content = content,
                                     .attempt_number = 3,
                                     .resend = true,
                                     .deadline = clock.mono() + timeout,
                                     .begin_by = begin_by};
    return loop.run([&] { return host->provider("p1")->send(request); });
  }
  std::uint64_t faults(const std::string& instance, const std::string& kind) const {
    for (const auto& status : host->statuses()) {
      if (status.name != instance) continue;
      for (const auto& [name, count] : status.misbehaviour) {
        if (name == kind) return count;
      }
    }
    return 0;
  }
  std::string state(const std::string& instance) const {
    for (const auto& status : host->statuses()) {
      if (status.name == instance) return status.state;
    }
    return "unknown";
  }

 private:
  TempFolder folder_;

 public:
  RealClock clock;
  RecordingLog log;
  RecordingEvents events;
  TestLoop loop;
  ScriptedHttp http{loop};
  PluginHostOptions options;
  std::string metadata;
  std::string content;  // packed
  std::unique_ptr<PluginHost> host;
};

}  // namespace heliograph::plugin
