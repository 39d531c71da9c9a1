// A simulation: the real pipeline on the real store (in-line, on a file) in virtual time, with
// providers that misbehave, a process that crashes, and everything drawn from one seed. The same
// seed gives the same run.
//
// run() plays two acts: trouble (every kind of outcome, crashes, operators at work), then calm,
// long enough for everything to end. check() then compares four histories: what clients were told,
// what the providers saw, what the store says, and what the strategies were told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/pipeline/pipeline.h"
#include "core/store/sqlite_store.h"
#include "tests/sim/faulty_limiter.h"
#include "tests/sim/journal.h"
#include "tests/support/fake_provider.h"
#include "tests/support/fake_strategies.h"
#include "tests/support/pumped_store.h"
#include "tests/support/virtual_time.h"

namespace heliograph::sim {

// The validity of most messages: so long that every provider is well again before it is over.
inline constexpr std::chrono::minutes kLongValidity{60};

// What a client was told was accepted.
struct Told {
  model::NewMessage message;
  std::optional<ports::MonoTime> cancelled_at;  // a cancel was answered with success
  std::size_t life = 0;                         // of the process that accepted it
  model::TimePoint due{};                       // by the logical clock, as it was then
  bool requeue_tried = false;                   // perhaps with success, and the answer was lost
};

// What a client sends with an Idempotency-Key, and may send again.
struct Keyed {
  ports::AcceptCommand command;
  model::TimePoint first_sent{};       // by the logical clock
  std::optional<model::MessageId> id;  // as answered
};

// What is wrong, in a sentence, and with which message.
struct Complaint {
  std::optional<model::MessageId> about;
  std::string what;
};

class Simulation {
 public:
  // `folder`: empty, for the database. `tell`: the journal keeps its lines.
  Simulation(std::uint64_t seed, std::string folder, bool tell);
  ~Simulation();

  void run();
  // Empty when all is well.
  std::vector<Complaint> check();
  const Journal& journal() const { return journal_; }
  // A digest of everything that happened, in order.
  std::uint64_t trace() const { return journal_.digest(); }
  std::size_t accepted() const { return told_.size(); }
  std::size_t arrivals() const;

 private:
  void draw_settings();
  void draw_provider(std::size_t i);
  void boot();
  void crash();
  void plan_submissions();
  void submit();
  model::NewMessage draw_message();
  void accept_one(const model::NewMessage& message);
  void accept_several(const std::vector<model::NewMessage>& messages);
  void send_keyed(std::size_t i);
  void on_accepted(const ports::Accepted& accepted, const model::NewMessage& message);
  void operate();
  void act_on_provider();
  void cancel_or_requeue();
  void step_clock();
  std::pair<LimiterFault, std::chrono::nanoseconds> draw_limiter_fault();
  std::optional<std::size_t> choose(const std::vector<std::size_t>& eligible);
  void note_wall();
  test::SendPlan plan_send(std::size_t provider, const ports::SendRequest& request);
  void draw_receipts(test::SendPlan& plan);

  void check_message(model::MessageId id, const Told& told, std::vector<Complaint>& wrong);
  void check_sends(model::MessageId id, const Told& told, const model::MessageView& view,
                   std::vector<Complaint>& wrong);
  void check_times(const Told& told, const model::MessageView& view,
                   const std::vector<test::Arrival>& sends, std::vector<Complaint>& wrong);
  void check_validity(const Told& told, const model::MessageView& view,
                      std::vector<Complaint>& wrong);
  bool was_delivered(const test::Arrival& last, std::size_t provider) const;
  std::size_t life_at(ports::MonoTime at) const;
  void check_keys(std::vector<Complaint>& wrong);
  std::size_t limited_sends() const;
  void check_permits();
  void check_limits(std::size_t provider, std::vector<Complaint>& wrong);

  const std::uint64_t seed_;
  std::string folder_;
  test::VirtualClock clock_;
  test::SeededRandom random_;
  test::SeededRandom ids_;
  test::VirtualLoop loop_;
  Journal journal_;
  pipeline::PipelineSettings settings_;
  std::vector<config::Provider> provider_settings_;
  std::vector<std::unique_ptr<test::FakeProvider>> providers_;
  std::vector<double> trouble_;  // of each provider: the chance that a send is not simply SENT
  std::vector<model::Client> clients_;
  bool calm_ = false;
  enum class Way : std::uint8_t { kSmooth, kFirst, kAny } way_ = Way::kSmooth;
  double limiter_trouble_ = 0;  // the chance that a request meets a fault
  bool limiter_fails_open_ = false;
  bool clock_steps_ = false;

  // One life of the process.
  std::unique_ptr<store::SqliteStore> sqlite_;
  std::unique_ptr<test::PumpedStore> store_;
  std::unique_ptr<test::FakeDistributor> distributor_;
  std::unique_ptr<FaultyLimiter> limiter_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::size_t limited_before_ = 0;  // sends within limits, of earlier lives
  std::vector<ports::MonoTime> crashes_;

  std::vector<model::TimePoint> life_ends_;  // by the logical clock
  model::TimePoint wall_max_{};              // that it, or the system's, has ever shown
  model::TimePoint trouble_end_{};           // the latest that the logical clock showed until then

  std::map<model::MessageId, Told> told_;
  std::vector<Keyed> keyed_;
  std::int64_t last_row_ = 0;
  std::vector<Complaint> wrong_;  // seen on the way
};

}  // namespace heliograph::sim
