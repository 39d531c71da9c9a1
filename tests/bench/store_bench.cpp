// What the store costs: accept, begin and finish of priced messages with synchronous=FULL, on the
// file system of the folder given.
//
//   store_bench [--folder F] [--messages N] [--batch N] [--receipts] [--keys]
//
// Two figures: processor time of a message in one thread (inline mode, transactions of `batch`
// accepts, begins and results each), and messages a second of the threaded store with `batch`
// messages on their way at any time.
#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/sqlite_store.h"

namespace heliograph {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Settings {
  std::filesystem::path folder = ".";
  std::size_t messages = 100'000;
  std::size_t batch = 64;
  bool receipts = false;
  bool keys = false;
};

class SystemClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override {
    return ports::MonoTime(std::chrono::duration_cast<std::chrono::nanoseconds>(
        SteadyClock::now().time_since_epoch()));
  }
  model::TimePoint wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  model::TimePoint real_wall() const override { return wall(); }
};

// Sebastiano Vigna's SplitMix64.
class SplitMix final : public ports::Random {
 public:
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_ = 1;
};

// Runs what is posted in whatever thread calls run(); run() waits for something to do.
class QueueExecutor final : public ports::Executor {
 public:
  void post(base::Task task) override {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  void run(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) changed_.wait(lock, [this] { return !tasks_.empty(); });
    std::deque<base::Task> tasks = std::exchange(tasks_, {});
    lock.unlock();
    for (base::Task& task : tasks) task();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<base::Task> tasks_;
};

class NoEvents final : public ports::StoreEvents {
 public:
  void on_waiting(std::vector<model::WorkItem>) override {}
  void on_fatal(const std::string& what) override {
    fmt::print(stderr, "the store failed: {}\n", what);
    std::abort();
  }
};

// One message after another through its life, a fixed number at a time.
class Load {
 public:
  Load(const Settings& settings, store::SqliteStore& store, ports::Executor& executor,
       ports::Clock& clock)
      : settings_(settings), store_(store), executor_(executor), clock_(clock) {
    ports::DeclaredClient declared;
    declared.client.name = "bench";
    declared.credit_cents = 1'000'000'000'000;
    client_ = store_.declare_client(declared).id;
    provider_ = store_.intern_provider("provider1");
    class_ = store_.intern_class(model::Channel::kSms, std::nullopt);
  }

  bool done() const { return finished_ == settings_.messages; }

  void fill() {
    while (accepted_ < settings_.messages && accepted_ - finished_ < window_) accept();
  }
  void set_window(std::size_t window) { window_ = window; }

 private:
  void accept() {
    ports::AcceptCommand command;
    command.message.client = client_;
    command.message.to = "+14155552671";
    command.message.from = "TEST";
    command.message.text = std::string(100, 'x');
    command.message.cost_cents = 5;
    command.message.validity = std::chrono::hours{24};
    if (settings_.keys) command.idempotency = make_key();
    ++accepted_;
    store_.accept(std::move(command), executor_, [this](ports::AcceptResult result) {
      begin(std::get<ports::Accepted>(result).id);
    });
  }

  ports::IdempotencyKey make_key() {
    ports::IdempotencyKey key;
    const std::uint64_t hash = random_.next();
    for (std::size_t i = 0; i < 8; ++i) {
      key.key_hash[i] = static_cast<std::uint8_t>(hash >> (8 * i));
    }
    return key;
  }

  void begin(model::MessageId id) {
    ports::BeginAttempt command{.id = id, .provider = provider_, .started_at = clock_.wall()};
    store_.begin_attempt(command, executor_, [this, id](const ports::BeginResult& result) {
      if (!result.begun) std::abort();
      finish(id);
    });
  }

  void finish(model::MessageId id) {
    ports::FinishAttempt command;
    command.id = id;
    command.attempt_number = 1;
    command.provider = provider_;
    command.started_at = clock_.wall();
    command.finished_at = clock_.wall();
    command.status = model::Status::kSent;
    command.dispatch_class = class_;
    command.result.outcome = model::Outcome::kSent;
    command.result.status_code = 200;
    command.result.provider_message_id = fmt::format("{:016x}", random_.next());
    const std::string provider_id = command.result.provider_message_id;
    store_.finish_attempt(std::move(command), executor_,
                          [this, provider_id](ports::FinishResult result) {
                            if (!result.applied) std::abort();
                            settings_.receipts ? receipt(provider_id) : end();
                          });
  }

  void receipt(const std::string& provider_id) {
    model::Receipt receipt;
    receipt.provider = provider_;
    receipt.provider_message_id = provider_id;
    receipt.state = model::ReceiptState::kDelivered;
    store_.apply_receipts({receipt}, executor_, [this](auto) { end(); });
  }

  void end() { ++finished_; }

  const Settings& settings_;
  store::SqliteStore& store_;
  ports::Executor& executor_;
  ports::Clock& clock_;
  SplitMix random_;
  model::ClientId client_{};
  model::ProviderKey provider_{};
  model::ClassId class_{};
  std::size_t window_ = 64;
  std::size_t accepted_ = 0;
  std::size_t finished_ = 0;
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void measure(const Settings& settings, bool threaded) {
  const std::filesystem::path folder = settings.folder / "heliograph-store-bench";
  std::filesystem::remove_all(folder);
  store::SqliteOptions options;
  options.path = (folder / "bench.db").string();
  if (!threaded) options.threading = store::SqliteOptions::Threading::kInline;
  SystemClock clock;
  SplitMix random;
  QueueExecutor executor;
  NoEvents events;
  const auto store = store::SqliteStore::open(options, clock, random);
  Load load(settings, *store, executor, clock);
  // Inline, a message is in one of three (four) transactions, so that each has `batch` of each.
  load.set_window(threaded ? settings.batch : settings.batch * (settings.receipts ? 4 : 3));
  store->start(events);
  const auto start = SteadyClock::now();
  const double cpu = cpu_seconds();
  std::size_t stagger = settings.batch;
  while (!load.done()) {
    if (!threaded) {
      load.set_window(std::min(stagger, settings.batch * (settings.receipts ? 4 : 3)));
      stagger += settings.batch;
    }
    load.fill();
    if (!threaded) store->pump();
    executor.run(threaded);
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  const auto count = static_cast<double>(settings.messages);
  const auto stats = store->writer_stats();
  fmt::print(
      "{:<9} {:>8.0f} messages/s  {:>6.1f} us processor time/message  {:>6.2f} commits/100\n",
      threaded ? "threaded" : "inline", count / seconds, (cpu_seconds() - cpu) / count * 1e6,
      static_cast<double>(stats.transactions) / count * 100);
  store->stop();
  std::filesystem::remove_all(folder);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--receipts") settings.receipts = true;
    if (name == "--keys") settings.keys = true;
    if (i + 1 >= argc) continue;
    if (name == "--folder") settings.folder = argv[i + 1];
    if (name == "--messages") settings.messages = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--batch") settings.batch = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return settings;
}

}  // namespace
}  // namespace heliograph

int main(int argc, char** argv) {
  const heliograph::Settings settings = heliograph::parse(argc, argv);
  heliograph::measure(settings, false);
  heliograph::measure(settings, true);
}
