// Test support: a gateway in miniature around one distributor, on a virtual clock.
//
// Messages arrive evenly; each peer answers after its latency, fails at its rate, and has a window:
// a choice beyond it is NOT_TRIED and chosen for again. All of it repeatable.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <tuple>
#include <vector>

#include <heliograph/distributor.hpp>

#include "plugins/distributors/common/tests/snapshot.h"

namespace heliograph::plugins::distributors {

inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000 * kMillisecond;

struct Peer {
  std::uint64_t latency_ms = 20;
  int fail_percent = 0;
  std::uint32_t window = 1'000;
  int jitter_percent = 0;  // of the latency, up and down
};

// Chooser: rebuild(), choose() giving optional<sdk::Choice>, hear().
template <typename Chooser>
class Traffic {
 public:
  // Candidate i is peers[i]; ids are for the results.
  Traffic(Chooser& chooser, const std::vector<TestCandidate>& candidates)
      : peers(candidates.size()), chooser_(chooser), in_flight_(candidates.size(), 0) {
    for (const TestCandidate& candidate : candidates) ids_.push_back(candidate.id);
    chooser_.rebuild(Snapshot(candidates).view());
  }

  void run(int seconds, std::uint64_t per_second = 100) {
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(seconds) * per_second; ++i)
      send_one(kSecond / per_second);
  }

  // Lets `gap` pass, with what comes due, and offers one message.
  void send_one(std::uint64_t gap) {
    wait(gap);
    for (int turn = 0; turn < kTurns; ++turn)
      if (place()) return;
    ++left;
  }

  void wait(std::uint64_t ns) {
    now += ns;
    while (!answers_.empty() && answers_.top().at <= now) {
      const Answer answer = answers_.top();
      answers_.pop();
      --in_flight_[answer.index];
      const auto latency = std::chrono::nanoseconds{static_cast<std::int64_t>(answer.latency)};
      chooser_.hear({answer.token, ids_[answer.index], answer.outcome, latency});
    }
  }

  // Of the messages carried since the last call, in per cent, by index.
  std::vector<double> shares() {
    std::vector<double> parts;
    double sum = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) sum += carried[i];
    for (std::size_t i = 0; i < peers.size(); ++i) parts.push_back(100 * carried[i] / sum);
    carried.clear();
    return parts;
  }

  std::vector<Peer> peers;
  std::map<std::size_t, int> carried;    // by index
  std::map<std::size_t, int> not_tried;  // by index
  int left = 0;                          // messages that found no place
  std::uint64_t excluded = 0;
  std::uint32_t failure = HG_RETRY;
  std::uint64_t now = kSecond;

 private:
  static constexpr int kTurns = 3;

  struct Answer {
    std::uint64_t at;
    std::uint64_t token;
    std::size_t index;
    std::uint32_t outcome;
    std::uint64_t latency;
    bool operator<(const Answer& other) const { return at > other.at; }
  };

  bool place() {
    const Question question(now, {excluded, 0}, in_flight_);
    const std::optional<sdk::Choice> choice = chooser_.choose(question.view());
    if (!choice) return false;
    const Peer& peer = peers[choice->index];
    if (in_flight_[choice->index] >= peer.window) {
      ++not_tried[choice->index];
      chooser_.hear({choice->token, ids_[choice->index], HG_NOT_TRIED, {}});
      return false;
    }
    ++carried[choice->index];
    ++in_flight_[choice->index];
    const bool fails = static_cast<int>(random_() % 100) < peer.fail_percent;
    const std::uint64_t latency = latency_of(peer);
    answers_.push(
        {now + latency, choice->token, choice->index, fails ? failure : HG_SENT, latency});
    return true;
  }

  std::uint64_t latency_of(const Peer& peer) {
    const std::uint64_t spread =
        peer.latency_ms * kMillisecond * static_cast<std::uint64_t>(peer.jitter_percent) / 100;
    const std::uint64_t base = peer.latency_ms * kMillisecond;
    return spread == 0 ? base : base - spread + random_() % (2 * spread);
  }

  Chooser& chooser_;
  std::vector<std::uint64_t> ids_;
  std::vector<std::uint32_t> in_flight_;
  std::priority_queue<Answer> answers_;
  std::mt19937_64 random_{5};
};

}  // namespace heliograph::plugins::distributors
