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

void ReceiptSender::send(const std::shared_ptr<Batch>& batch) {
  ports::OutgoingRequest request;
  request.method = "POST";
  request.url = batch->url;
  request.body = body_of(batch->receipts, clock_.real_wall());
  request.headers = {{"Content-Type", "application/json"}};
  if (!batch->secret.empty()) {
    const auto mac = http::hmac_sha256(batch->secret, request.body);
    request.headers.emplace_back("X-Signature", base::to_hex(std::as_bytes(std::span(mac))));
  }
  request.deadline = clock_.mono() + kRequestTimeout;
  const auto started = client_->request(
      std::move(request),
      [this, batch](const ports::OutgoingResponse& response) { on_answer(batch, response); });
  if (!started) on_answer(batch, {});
}

void ReceiptSender::on_answer(const std::shared_ptr<Batch>& batch,
                              const ports::OutgoingResponse& response) {
  if (response.code >= 200 && response.code < 300) {
    delivered_ += batch->receipts.size();
    return;
  }
  const bool gone = response.code >= 400 && response.code < 500 && response.code != 429;
  if (gone) {
    dropped_ += batch->receipts.size();
    return;
  }
  const auto again = clock_.mono() + kRetryDelay;
  for (auto& receipt : batch->receipts) enqueue(std::move(receipt), again);
}

}  // namespace heliograph::app::mock
