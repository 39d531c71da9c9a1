// Tickets: the hg_op numbers by which a plugin completes work it was given.
//
// An op is {owner, generation, slot}: a completion that comes late, twice, or for another instance
// is told apart from a good one by arithmetic, and does no harm. An op whose answer the host no
// longer waits for stays known until the plugin completes it, because the views that the plugin was
// given live until then.
//
// Any thread.
#pragma once

#include <heliograph/abi/base.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace heliograph::plugin {

enum class TicketKind : std::uint8_t { kNone, kLifecycle, kSend, kAcquire, kIngress, kExchange };

enum class Completion : std::uint8_t {
  kFirst,    // the one that was waited for
  kLate,     // good, but the host has answered for the plugin meanwhile
  kDouble,   // completed before
  kForeign,  // of another instance
  kStale,    // never issued, or long gone
  kWrongKind,
};

class TicketTable {
 public:
  // `owner`: different for each instance of a host.
  explicit TicketTable(std::uint16_t owner) : owner_(owner) {}

  // 0 when 4 million are outstanding.
  hg_op issue(TicketKind kind);
  // kFirst and kLate end the ticket; the others change nothing.
  Completion complete(hg_op op, TicketKind kind);
  // The host answers instead of the plugin. False: the plugin has completed it already.
  bool give_up(hg_op op);
  // The plugin did not take it. False: it completed it nevertheless.
  bool revoke(hg_op op);
  std::size_t outstanding() const;

 private:
  struct Slot {
    std::uint32_t generation = 1;
    TicketKind kind = TicketKind::kNone;  // kNone: free
    bool given_up = false;
  };
  Slot* find(hg_op op);
  void release(hg_op op, Slot& slot);

  const std::uint16_t owner_;
  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  // First in, first out: a generation returns as late as it can, so a double completion is told
  // from a stale one for long.
  std::deque<std::uint32_t> free_;
};

}  // namespace heliograph::plugin
