#include "core/pipeline/health_exchange.h"

#include <algorithm>
#include <utility>

namespace heliograph::pipeline {

namespace {

constexpr std::chrono::seconds kRound{1};

std::uint64_t without(std::uint64_t all, std::uint64_t own) { return all - std::min(all, own); }

}  // namespace

HealthExchange::HealthExchange(const PipelinePorts& ports, const config::Health& limits,
                               ProviderBoard& board, std::function<void(std::size_t)> on_circuit)
    : ports_(ports),
      board_(board),
      on_circuit_(std::move(on_circuit)),
      bucket_(Health::slice(limits)),
      told_(board.size()) {}

void HealthExchange::start() {
  if (ports_.shared_window == nullptr || board_.size() == 0) return;
  ports_.loop.run_at(ports_.clock.mono() + kRound, alive_.guard([this] { round(); }));
}

void HealthExchange::stop() { stopped_ = true; }

void HealthExchange::round() {
  if (stopped_) return;
  start();
  if (under_way_) return;
  under_way_ = true;
  std::vector<Asked> asked;
  std::vector<ports::SharedCounts> items = gather(asked);
  auto done =
      alive_.guard([this, asked = std::move(asked)](const ports::SharedWindow::Answer& answer) {
        on_answer(asked, answer);
      });
  ports_.shared_window->exchange(bucket_ * Health::kBuckets, bucket_, std::move(items),
                                 std::move(done));
}

std::vector<ports::SharedCounts> HealthExchange::gather(std::vector<Asked>& asked) {
  std::vector<ports::SharedCounts> items;
  for (std::size_t i = 0; i < board_.size(); ++i) {
    ProviderEntry& entry = board_[i];
    Told& told = told_[i];
    // Found healthy again here, or reset by an operator: the old failures count nowhere.
    if (told.clean_starts != entry.health.clean_starts())
      ports_.shared_window->reset(entry.settings.id);
    told.clean_starts = entry.health.clean_starts();
    const Health::Seen seen = entry.health.seen();
    items.push_back({entry.settings.id, seen.successes - told.seen.successes,
                     seen.failures - told.seen.failures});
    asked.push_back({seen, entry.health.counts(ports_.clock.wall()), entry.health.era()});
  }
  return items;
}

void HealthExchange::on_answer(const std::vector<Asked>& asked,
                               const ports::SharedWindow::Answer& answer) {
  under_way_ = false;
  if (!answer && answer.error() == ports::SharedFailure::kNotCounted) return;
  // What may have been counted is not told again: a failure counted twice closes a good provider.
  for (std::size_t i = 0; i < asked.size(); ++i) told_[i].seen = asked[i].seen;
  if (!answer) return;
  for (std::size_t i = 0; i < std::min(asked.size(), answer->size()); ++i) {
    Health& health = board_[i].health;
    if (health.era() != asked[i].era) continue;  // a new beginning: these are old counts
    const Health::Seen others{without((*answer)[i].ok, asked[i].own.successes),
                              without((*answer)[i].failed, asked[i].own.failures)};
    if (health.hear(others, ports_.clock.wall())) on_circuit_(i);
  }
}

}  // namespace heliograph::pipeline
