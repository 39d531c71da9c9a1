// EventLog: receipts and inbound messages that a plugin hands over, and when they become durable.
//
// By default they are durable a moment later. A test may hold durability back to see that the
// plugin acknowledges nothing before. [any thread]: emit() and answer(); the rest by the test's
// own.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/ingress.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <heliograph/testing/records.hpp>

namespace heliograph::sdk::testing {

class FakeHost;

// What the peer of an ingress request gets to see.
struct IngressReply {
  std::uint32_t code = 0;
  Pairs headers;
  std::string body;
};

class EventLog {
 public:
  explicit EventLog(FakeHost& host) : host_(host) {}

  // Events that are durable, in order.
  std::vector<EventRecord> stored() const;
  // Batches that wait for settle().
  std::size_t held() const;
  // From now on batches wait for settle().
  void hold() { holding_ = true; }
  // The oldest waiting batch becomes durable (HG_OK) or is lost (an error). False: none waits.
  bool settle(hg_status status);
  // From now on emit() answers HG_E_BUSY, or takes events again.
  void set_busy(bool busy) { busy_ = busy; }
  // The answer to an ingress request, nullopt until its events are durable.
  std::optional<IngressReply> reply(hg_op op) const;

  static const hg_ingress_host* extension();
  hg_status emit(const hg_event* const* events, std::size_t n, hg_emit_fn done, void* arg,
                 std::uint64_t tag);

 private:
  struct Batch {
    std::vector<EventRecord> events;
    std::function<void(hg_status)> done;
  };

  static hg_status on_answer(const hg_host* raw, hg_op op, const hg_ingress_answer* answer);

  void take(Batch batch);
  void settle_now(Batch batch, hg_status status);
  static std::vector<EventRecord> copy(const hg_event* const* events, std::size_t n);

  FakeHost& host_;
  mutable std::mutex mutex_;
  bool holding_ = false;
  bool busy_ = false;
  std::vector<EventRecord> stored_;
  std::vector<Batch> held_;
  std::map<hg_op, IngressReply> replies_;
};

}  // namespace heliograph::sdk::testing
