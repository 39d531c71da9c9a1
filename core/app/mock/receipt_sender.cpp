#include "core/app/mock/receipt_sender.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/http/client.h"
#include "core/http/digest.h"

namespace heliograph::app::mock {
namespace {

constexpr std::size_t kBatchMax = 100;  // receipts in one request
constexpr std::chrono::seconds kRetryDelay{1};
constexpr std::chrono::seconds kRequestTimeout{10};

std::string body_of(const std::vector<ReceiptToSend>& receipts, model::TimePoint now) {
  auto body = nlohmann::json::array();
  for (const auto& receipt : receipts) {
    nlohmann::json one = {{"provider_message_id", receipt.provider_message_id},
                          {"status", receipt.status},
                          {"timestamp", base::format_rfc3339(now)}};
    if (!receipt.message_id.empty()) one["message_id"] = receipt.message_id;
    body.push_back(std::move(one));
  }
  return body.dump();
}

bool is_taken(const ports::OutgoingResponse& response) {
  return response.code >= 200 && response.code < 300;
}

bool is_refused(const ports::OutgoingResponse& response) {
  return response.code >= 400 && response.code < 500 && response.code != 429;
}

}  // namespace

ReceiptSender::ReceiptSender(const ports::Clock& clock)
    : clock_(clock),
      loop_(clock),
      factory_(http::make_http_client_factory(loop_.context(), clock)) {
  ports::HttpPoolOptions options;
  options.connections_max = 8;
  client_ = factory_->make(options);
  loop_.start();
}

ReceiptSender::~ReceiptSender() { loop_.stop(); }

void ReceiptSender::schedule(ReceiptToSend receipt) {
  const auto due = clock_.mono() + receipt.delay;
  loop_.post(
      [this, due, receipt = std::move(receipt)]() mutable { enqueue(std::move(receipt), due); });
}

void ReceiptSender::enqueue(ReceiptToSend receipt, ports::MonoTime due) {
  if (pending_.size() >= kPendingMax) {
    ++dropped_;
    return;
  }
  pending_.emplace(due, std::move(receipt));
  arm();
}

void ReceiptSender::arm() {
  if (pending_.empty() || pending_.begin()->first >= armed_for_) return;
  armed_for_ = pending_.begin()->first;
  loop_.run_at(armed_for_, [this] { send_due(); });
}

void ReceiptSender::send_due() {
  armed_for_ = ports::MonoTime::max();
  const auto now = clock_.mono();
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Batch>> open;
  while (!pending_.empty() && pending_.begin()->first <= now) {
    auto receipt = std::move(pending_.extract(pending_.begin()).mapped());
    auto& batch = open[{receipt.url, receipt.secret}];
    if (!batch) batch = std::make_shared<Batch>(Batch{receipt.url, receipt.secret, {}});
    batch->receipts.push_back(std::move(receipt));
    if (batch->receipts.size() == kBatchMax) send(std::exchange(batch, nullptr));
  }
  for (auto& [target, batch] : open) {
    if (batch) send(batch);
  }
  arm();
}

void ReceiptSender::post(const std::string& url, const std::string& secret, std::string body,
                         base::UniqueFunction<void(const ports::OutgoingResponse&)> done) {
  ports::OutgoingRequest request;
  request.method = "POST";
  request.url = url;
  request.body = std::move(body);
  request.headers = {{"Content-Type", "application/json"}};
  if (!secret.empty()) {
    const auto mac = http::hmac_sha256(secret, request.body);
    request.headers.emplace_back("X-Signature", base::to_hex(std::as_bytes(std::span(mac))));
  }
  request.deadline = clock_.mono() + kRequestTimeout;
  // Shared, because a request that is not started must still be answered.
  const auto shared = std::make_shared<decltype(done)>(std::move(done));
  const auto started =
      client_->request(std::move(request),
                       [shared](const ports::OutgoingResponse& response) { (*shared)(response); });
  if (!started) (*shared)({});
}

void ReceiptSender::send(const std::shared_ptr<Batch>& batch) {
  post(batch->url, batch->secret, body_of(batch->receipts, clock_.real_wall()),
       [this, batch](const ports::OutgoingResponse& response) { on_answer(batch, response); });
}

void ReceiptSender::post_event(EventToSend event) {
  loop_.post(
      [this, event = std::make_shared<EventToSend>(std::move(event))] { send_event(event); });
}

void ReceiptSender::send_event(const std::shared_ptr<EventToSend>& event) {
  post(event->url, event->secret, event->body,
       [this, event](const ports::OutgoingResponse& response) {
         if (is_taken(response)) {
           ++events_delivered_;
         } else if (is_refused(response)) {
           ++events_dropped_;
         } else {
           loop_.run_at(clock_.mono() + kRetryDelay, [this, event] { send_event(event); });
         }
       });
}

void ReceiptSender::on_answer(const std::shared_ptr<Batch>& batch,
                              const ports::OutgoingResponse& response) {
  if (is_taken(response)) {
    delivered_ += batch->receipts.size();
    return;
  }
  if (is_refused(response)) {
    dropped_ += batch->receipts.size();
    return;
  }
  const auto again = clock_.mono() + kRetryDelay;
  for (auto& receipt : batch->receipts) enqueue(std::move(receipt), again);
}

}  // namespace heliograph::app::mock
