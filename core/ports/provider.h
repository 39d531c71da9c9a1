// Provider: carries messages to the outside. The pipeline's view of a provider plugin's instance.
//
// Threads: [loop] for everything. No function calls back before it returns: results arrive later
// through ProviderEvents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/unique_function.h"
#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/ports/clock.h"
#include "core/ports/provider_report.h"

namespace heliograph::ports {

struct ProviderTraits {
  std::uint32_t channels = 0;       // bits of model::Channel
  bool dedupes = false;             // drops a second send with the same idempotency key
  bool receipts = false;            // SENT is not final
  std::uint32_t max_in_flight = 0;  // the plugin's own first window; 0: unbounded
};

// One send in flight, chosen by the dispatcher, never 0 and never reused.
enum class SendTicket : std::uint64_t {};

struct SendRequest {
  SendTicket ticket{};
  const model::WorkItem* item = nullptr;  // copied by the provider's handle before send() returns
  std::string_view content;               // likewise; of a rich item, packed (core/model/content.h)
  std::uint16_t attempt_number = 0;
  bool resend = false;  // an earlier attempt here ended UNKNOWN
  MonoTime deadline{};
  // The permit it was given is fresh until then: what has not begun to be written by then must not
  // be, and is reported by on_begin_missed(). max(): no permit was needed.
  MonoTime begin_by = MonoTime::max();
  model::TraceContext trace{};  // of this send; passed on to the peer where valid
};

// What the pipeline is told. [loop], never from inside a call of Provider.
class ProviderEvents {
 public:
  virtual ~ProviderEvents() = default;
  // This or on_begin_missed(), exactly once for each send() that returned true. A provider that
  // misses the deadline (and the grace after it), is quarantined or stops is answered for by its
  // handle, with UNKNOWN.
  virtual void on_send_result(model::ProviderKey provider, SendTicket ticket,
                              model::AttemptResult result) = 0;
  // Instead of a result: nothing was written, because its begin_by had passed when it could have
  // been. It says nothing about the provider; the send may be repeated at once with a new permit.
  virtual void on_begin_missed(model::ProviderKey provider, SendTicket ticket) = 0;
  // How many sends the plugin wants in flight at most from now on; 0 pauses.
  virtual void on_window(model::ProviderKey provider, std::uint32_t max_in_flight) = 0;
  // The instance misbehaved beyond use (an exception, say): no more sends, reason for people.
  virtual void on_quarantine(model::ProviderKey provider, std::string reason) = 0;
  // Receipts and inbound messages found by the plugin. `done(true)` once they are durable; false:
  // refused, the peer must repeat.
  virtual void on_report(model::ProviderKey provider, ProviderReport report,
                         base::UniqueFunction<void(bool)> done) = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual model::ProviderKey key() const = 0;
  virtual const std::string& name() const = 0;
  virtual const ProviderTraits& traits() const = 0;
  // True: taken, one result follows. False: busy or quarantined, nothing was sent and no result
  // follows.
  virtual bool send(const SendRequest& request) = 0;
  // Advisory; the result still follows, with what truly happened.
  virtual void cancel(SendTicket ticket) = 0;
};

}  // namespace heliograph::ports
