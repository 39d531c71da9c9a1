// Settlements: requests that wait until their message is settled (model::is_settled): sent, or
// over.
//
// The store's writer tells what a transaction has settled; nobody polls. To miss nothing, watch()
// first and read the message afterwards: what was settled before the read shows in it, what is
// settled later is told. Bounded: beyond `waiters_max` nobody is taken in, and the caller answers
// at once. Thread-safe; telling costs one load while nobody waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/model/ids.h"
#include "core/ports/executor.h"
#include "core/ports/store.h"

namespace heliograph::pipeline {

class Settlements {
 public:
  enum class End : std::uint8_t {
    kSettled,
    kGivenUp,   // by give_up()
    kNotTaken,  // too many wait already, or the gateway is stopping
  };
  static constexpr std::size_t kWaitersMax = 4'096;

  explicit Settlements(std::size_t waiters_max = kWaitersMax) : waiters_max_(waiters_max) {}

  // `done` is posted to `where` once, with the reason; never called from inside. The result is for
  // give_up(). Several may wait for one message.
  std::uint64_t watch(model::MessageId id, ports::Executor& where, ports::Done<End> done);
  // Ends one's waiting; nothing if it is over already.
  void give_up(std::uint64_t ticket);

  // [writer thread] These are settled and committed.
  void tell(std::span<const model::MessageId> ids);
  // Everybody is answered kNotTaken, and so is whoever comes later.
  void close();

  std::size_t waiting() const { return count_.load(); }

 private:
  struct Waiter {
    model::MessageId id;
    ports::Executor* where = nullptr;
    ports::Done<End> done;
  };
  static void answer(Waiter waiter, End end);
  Waiter take(std::unordered_map<std::uint64_t, Waiter>::iterator found);

  const std::size_t waiters_max_;
  // Of waiters_. Sequentially consistent: raised before the message is read, looked at after the
  // commit.
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  bool closed_ = false;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Waiter> waiters_;
  std::unordered_multimap<model::MessageId, std::uint64_t> by_message_;
};

}  // namespace heliograph::pipeline
