// Posts the mock's delivery receipts to the gateway: at their due times, several in one request
// where several are due, again after a second when the gateway did not take them (it answers 2xx
// only for what it has stored).
//
// Thread-safe: schedule() is called by the server's thread, the work is done on a loop of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/app/asio_loop.h"
#include "core/ports/http_client.h"

namespace heliograph::app::mock {

struct ReceiptToSend {
  std::string url;
  std::string secret;  // empty: unsigned
  std::string provider_message_id;
  std::string message_id;  // echoed from the send; may be empty
  std::string status;      // "DELIVERED", "FAILED_PERM"
  std::chrono::milliseconds delay{};
};

// Something else that the gateway is told, in a request of its own.
struct EventToSend {
  std::string url;
  std::string secret;  // empty: unsigned
  std::string body;    // JSON
};

class ReceiptSender {
 public:
  explicit ReceiptSender(const ports::Clock& clock);
  ~ReceiptSender();
  ReceiptSender(const ReceiptSender&) = delete;
  ReceiptSender& operator=(const ReceiptSender&) = delete;

  // [any thread] Dropped, and counted, when kPendingMax receipts wait already.
  void schedule(ReceiptToSend receipt);
  // [any thread] Posted at once, and again each second until it is taken or refused for good.
  void post_event(EventToSend event);
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t events_delivered() const { return events_delivered_; }
  std::uint64_t events_dropped() const { return events_dropped_; }

  static constexpr std::size_t kPendingMax = 2'000'000;

 private:
  struct Batch {
    std::string url;
    std::string secret;
    std::vector<ReceiptToSend> receipts;
  };
  void enqueue(ReceiptToSend receipt, ports::MonoTime due);
  void arm();
  void send_due();
  void send(const std::shared_ptr<Batch>& batch);
  void on_answer(const std::shared_ptr<Batch>& batch, const ports::OutgoingResponse& response);
  void send_event(const std::shared_ptr<EventToSend>& event);
  void post(const std::string& url, const std::string& secret, std::string body,
            base::UniqueFunction<void(const ports::OutgoingResponse&)> done);

  const ports::Clock& clock_;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> events_delivered_{0};
  std::atomic<std::uint64_t> events_dropped_{0};
  std::multimap<ports::MonoTime, ReceiptToSend> pending_;  // loop thread only, like all below
  ports::MonoTime armed_for_ = ports::MonoTime::max();
  AsioLoop loop_;
  std::unique_ptr<ports::HttpClientFactory> factory_;
  std::unique_ptr<ports::HttpClient> client_;
};

}  // namespace heliograph::app::mock
