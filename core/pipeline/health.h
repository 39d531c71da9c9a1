// Health: the circuit of one provider, fed by every attempt.
//
// A ring of buckets counts successes and failures over `health.window`. With at least min_attempts
// and failures / (successes + failures) above the threshold the circuit opens for `cooldown`, then
// is half-open: now and then one message goes there as a probe. `probes` successes close it, one
// failure opens it again for twice as long, at most an hour. Failures are what says something about
// the provider: RETRY, REFUSED and UNKNOWN; the message's own fault and throttling do not count.
// What other gateways saw of it counts too, where it is heard: our own failures alone open the
// circuit, and those of all together do.
//
// Pure: time comes in, decisions go out. Time is the logical wall clock, because the state is saved
// and must mean the same after a restart. Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/model/attempt.h"
#include "core/model/ids.h"
#include "core/pipeline/provider_admin.h"

namespace heliograph::pipeline {

class Health {
 public:
  struct Counts {
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    std::uint64_t throttles = 0;
    std::uint64_t timeouts = 0;  // of the failures, those that ended UNKNOWN
  };

  // Attempts that say something about the provider.
  struct Seen {
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
  };

  explicit Health(const config::Health& limits);
  static std::chrono::milliseconds slice(const config::Health& limits);  // a bucket's length
  static constexpr std::size_t kBuckets = 30;

  // One attempt's end. `probe`: it was the one begun by begin_probe(); any outcome, NOT_TRIED too,
  // frees the probe slot. True when the circuit changed.
  bool record(const model::AttemptResult& result, model::ClientId client, bool probe,
              model::TimePoint now);
  // What the other gateways saw within the window; counts for some seconds, or until the next
  // beginning. True when the circuit changed.
  bool hear(Seen others, model::TimePoint now);
  // Everything recorded since construction.
  Seen seen() const { return seen_; }
  // Changes with every beginning anew: what was counted before says nothing about what follows.
  std::uint64_t era() const { return era_; }
  // How often it was found healthy again or reset.
  std::uint64_t clean_starts() const { return clean_starts_; }
  // Lets time act: open becomes half-open when its time is over. True when the circuit changed.
  bool advance(model::TimePoint now);
  void reset();         // closed, nothing counted
  void reset_counts();  // the ring only

  Circuit circuit() const { return circuit_; }
  bool closed() const { return circuit_ == Circuit::kClosed; }
  const std::string& reason() const { return reason_; }
  std::optional<model::TimePoint> retry_at() const;  // while open
  Counts counts(model::TimePoint now);

  // Half-open, no probe under way, and the pause since the last one is over.
  bool wants_probe(model::TimePoint now) const;
  // A whole further pause has passed without a first attempt of an unpinned message to probe with:
  // any message that may go there will do, else a provider that only sees pinned or retried
  // messages would stay down for good.
  bool takes_any_probe(model::TimePoint now) const;
  void begin_probe(model::TimePoint now);
  // When advance(), wants_probe() or takes_any_probe() next changes by time alone; kNever: not.
  model::TimePoint next_change(model::TimePoint now) const;

  // The state as text to be saved, and back; a text that is not understood leaves everything as it
  // is.
  std::string to_text(model::TimePoint now);
  bool restore(std::string_view text, model::TimePoint now);

 private:
  struct Bucket {
    std::int64_t number = -1;  // which slice of time it counts
    Counts counts;
  };
  void count(const model::AttemptResult& result, model::TimePoint now);
  bool count_refusal(const model::AttemptResult& result, model::ClientId client);
  // Why the circuit must open; empty: it need not.
  std::string too_many_failures(model::TimePoint now);
  bool too_many(const Seen& seen) const;
  void begin_anew();
  void open(model::TimePoint now, std::string reason);
  void probe_ended(const model::AttemptResult& result, model::TimePoint now);
  Bucket& bucket(model::TimePoint now);
  std::chrono::milliseconds probe_pause() const;

  config::Health limits_;
  std::chrono::milliseconds slice_;
  std::array<Bucket, kBuckets> ring_;
  Seen seen_;
  Seen others_;
  model::TimePoint others_until_{};
  std::uint64_t era_ = 0;
  std::uint64_t clean_starts_ = 0;
  Circuit circuit_ = Circuit::kClosed;
  std::string reason_;
  std::chrono::milliseconds cooldown_;  // of the next opening
  model::TimePoint open_until_{};
  bool probing_ = false;
  int probe_successes_ = 0;
  model::TimePoint next_probe_{};
  // REFUSED in a row, and whether they were of more than one client: one client's own fault must
  // not take a provider from the others.
  int refusals_ = 0;
  std::optional<model::ClientId> refused_client_;
  bool several_refused_ = false;
};

}  // namespace heliograph::pipeline
