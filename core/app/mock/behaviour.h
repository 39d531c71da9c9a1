// How a mock provider behaves: what share of sends succeeds, how long they take, which faults it
// shows.
//
// Decisions are drawn from a seeded generator in the order of arrival, so a run with the same seed
// and the same arrivals answers the same. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <random>
#include <string>
#include <string_view>

namespace heliograph::app::mock {

using std::chrono::milliseconds;

// Everything may be changed at run time with PUT /admin/behaviour; what a document does not name
// stays.
struct Behaviour {
  milliseconds latency{0};
  double success_rate =
      1.0;  // the rates need not add up: temporary, then permanent failures are drawn first,
  double temp_fail_rate = 0.0;  // then what success_rate leaves of the rest is a temporary failure
  double perm_fail_rate = 0.0;
  std::uint64_t rate_limit = 0;  // sends in any second; above: 429. 0: none
  bool dedupe =
      false;  // a second send with the same Idempotency-Key gets the first one's answer, 2xx only
  std::string fault =
      "none";  // "close_after_read": no answer to a request that was read; "hang": none ever
  double fault_rate = 1.0;      // share of sends that show the fault
  std::string receipts_url;     // empty: no receipts
  std::string receipts_secret;  // signs X-Signature; empty: unsigned
  milliseconds receipt_delay{100};
  double receipt_fail_rate = 0.0;  // share of receipts that say FAILED_PERM
  int receipt_copies = 1;          // each receipt is sent so often
  bool receipt_early = false;      // before the answer to the send
};

// The document of GET /admin/behaviour; durations in milliseconds, the secret left out.
std::string to_json(const Behaviour& behaviour);
// Applies a PUT document to `behaviour`. The error is a sentence naming the field; nothing is
// changed then.
std::expected<void, std::string> apply_json(std::string_view json, Behaviour& behaviour);

enum class Verdict : std::uint8_t { kSuccess, kTemporary, kPermanent, kFault };

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  Verdict draw(const Behaviour& behaviour);
  bool chance(double probability);

 private:
  std::mt19937_64 engine_;
};

}  // namespace heliograph::app::mock
