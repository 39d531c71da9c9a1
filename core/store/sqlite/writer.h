// Writer: the thread that owns the engine while the store runs.
//
// Group commit by nature: it commits whatever has queued while the last sync ran; no timer. Callers
// only append to a queue.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/ports/log.h"
#include "core/store/sqlite/committer.h"
#include "core/store/sqlite/write_queue.h"

namespace heliograph::store {

class Writer {
 public:
  struct Settings {
    std::size_t accept_queue_max = 0;
    std::size_t batch_max = 0;
    std::chrono::milliseconds batch_time_max{};
  };
  // `engine_mutex` is held for each transaction. `log` may be null.
  Writer(Engine& engine, std::mutex& engine_mutex, Committer& committer, Gauges& gauges,
         ports::Clock& clock, const Settings& settings, ports::Log* log);
  ~Writer();  // stop() first if start() was called

  // [any thread] False: there are too many accepts already, the disk does not answer, or it is an
  // accept after a fatal error, and `operation` is untouched. Others are dropped after a fatal
  // error, all after stop().
  bool submit(OperationKind kind, Write& operation);

  // [inline mode] Runs everything queued as one transaction. Result: their number. Throws nothing:
  // a fatal error is reported like the thread's.
  std::size_t pump();

  // Before start(), or instead of it in inline mode.
  void set_events(ports::StoreEvents& events);
  void start();
  // Completes what is queued (unless the disk has no room for it) and ends the thread. False: it
  // could not, or the engine has failed.
  bool stop();

  // [any thread] The store is at its end: what waits to be accepted is refused, all else dropped,
  // nothing is taken any more, and StoreEvents::on_fatal is told.
  void fail(const std::string& what, std::vector<Write> batch = {});

  std::size_t queued() const;

 private:
  void loop();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  bool run_batch(std::vector<Write>& batch);
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  static void refuse_accepts(std::vector<Write> operations);
  void look_at_disk();
  void note_disk(bool is_full);

  Engine& engine_;
  std::mutex& engine_mutex_;
  Committer& committer_;
  Gauges& gauges_;
  ports::Clock& clock_;
  Settings settings_;
  ports::Log* log_;
  ports::StoreEvents* events_ = nullptr;
  bool disk_was_full_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  WriteQueue queue_;
  bool stopping_ = false;
  bool closed_ = false;  // operations are dropped
  bool idle_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace heliograph::store
