// ReaderPool: a few threads with a read-only connection each.
//
// What the dispatcher and authentication wait for goes before what people look at, and one thread
// is kept free of the latter. A read is cut off after a second: a long one would keep the log from
// being reused. A read that fails is answered with its neutral value and logged; the dispatcher's
// page then says to ask again a second later. One that meets a damaged page is not answered at all:
// the store is at its end.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/ports/log.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/operation.h"
#include "core/store/sqlite/queries.h"

namespace heliograph::store {

enum class ReadKind : std::uint8_t { kUrgent, kBrowsing };

class ReaderPool {
 public:
  // [a reader's thread] What SQLite said of the damage it met.
  using OnDamage = std::function<void(const std::string& what)>;
  // Opens `count` connections, at least one; the writer's is open meanwhile. Throws DatabaseError.
  ReaderPool(const std::string& path, int count, ports::Log* log, OnDamage on_damage);
  ~ReaderPool();  // stop()

  void start();
  // [any thread] Dropped after stop().
  void submit(ReadKind kind, Read operation);
  // Completes what is queued.
  void stop();

 private:
  struct Reader {
    explicit Reader(const std::string& path)
        : connection(path, ConnectionMode::kReader), queries(connection) {}
    Connection connection;
    Queries queries;
  };

  void loop(Reader& reader);
  void serve(Reader& reader, Read operation);
  Read take(std::unique_lock<std::mutex>& lock, bool& browsing);

  ports::Log* log_;
  OnDamage on_damage_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Read> urgent_;
  std::deque<Read> browsing_;
  std::size_t browsing_now_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

// Runs one read; its error is logged and leaves the neutral answer. Result: the damage it met.
std::optional<std::string> run_read(Operation<Queries>& operation, Queries& queries,
                                    ports::Log* log);

}  // namespace heliograph::store
