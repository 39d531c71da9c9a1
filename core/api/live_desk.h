// LiveDesk: what the live feeds (GET /v1/admin/live) share: how many there may be, and the last
// snapshot, so that eight who watch cost what one costs. Nothing is read while nobody watches.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/admin_json.h"
#include "core/model/message.h"
#include "core/ports/clock.h"

namespace heliograph::api {

// How long messages took, of the last that came so far.
struct Latency {
  std::size_t messages = 0;
  std::chrono::milliseconds median{0};
  std::chrono::milliseconds p95{0};
  std::chrono::milliseconds max{0};
};
// Empty: nullopt.
std::optional<Latency> latency_of(std::vector<std::chrono::milliseconds> times);

// What is read at a slower pace: it looks through many rows.
struct LiveBackground {
  ClientNames clients;
  std::vector<model::MessageView> failures;  // the last to fail first
  bool failures_complete = true;     // false: there may be older ones that were not looked at
  std::optional<Latency> sent;       // from acceptance (or send_at) to the provider's yes
  std::optional<Latency> delivered;  // to the receipt
};

class LiveDesk {
 public:
  static constexpr std::size_t kStreamsMax = 8;
  // Under the pause between two events, so that a lonely watcher's are all new.
  static constexpr std::chrono::milliseconds kSnapshotAge{900};
  static constexpr std::chrono::seconds kBackgroundAge{3};

  explicit LiveDesk(model::TimePoint started_at) : started_at_(started_at) {}

  // A place among those who watch, given back when it is destroyed; `desk` outlives it.
  class Seat {
   public:
    Seat(Seat&& other) noexcept : desk_(std::exchange(other.desk_, nullptr)) {}
    Seat& operator=(Seat&&) = delete;
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() {
      if (desk_ != nullptr) --desk_->streams_;
    }

   private:
    friend class LiveDesk;
    explicit Seat(LiveDesk& desk) : desk_(&desk) {}
    LiveDesk* desk_;
  };
  std::optional<Seat> take_seat();  // nullopt: all are taken

  model::TimePoint started_at() const { return started_at_; }

  // The right to make the next snapshot, given back when it is destroyed.
  class Making {
   public:
    Making(Making&& other) noexcept : desk_(std::exchange(other.desk_, nullptr)) {}
    Making& operator=(Making&&) = delete;
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
    ~Making() {
      if (desk_ != nullptr) desk_->making_ = false;
    }

   private:
    friend class LiveDesk;
    explicit Making(LiveDesk& desk) : desk_(&desk) {}
    LiveDesk* desk_;
  };
  std::optional<Making> begin_making();  // nullopt: somebody is at it

  // nullptr: older than its age, or none yet. Then one of those who ask makes a new one and keeps
  // it here.
  std::shared_ptr<const std::string> snapshot(ports::MonoTime now) const;
  std::shared_ptr<const LiveBackground> background(ports::MonoTime now) const;
  void keep(ports::MonoTime now, std::shared_ptr<const std::string> snapshot);
  void keep(ports::MonoTime now, std::shared_ptr<const LiveBackground> background);

 private:
  const model::TimePoint started_at_;
  std::atomic<std::size_t> streams_{0};
  std::atomic<bool> making_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> snapshot_;
  std::shared_ptr<const LiveBackground> background_;
  ports::MonoTime snapshot_at_{};
  ports::MonoTime background_at_{};
};

}  // namespace heliograph::api
