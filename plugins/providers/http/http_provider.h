// The generic HTTP provider: one request per message, one outcome per answer, receipts by POST.
//
// What a provider's API looks like is configuration; what an outcome promises is not: below "the
// whole request was written" nothing was sent, above it the answer says, in between it is unknown.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstddef>
#include <memory>
#include <span>

#include <heliograph/abi/ext/http_client.h>
#include <heliograph/config.hpp>
#include <heliograph/host.hpp>
#include <heliograph/ingress.hpp>
#include <heliograph/provider.hpp>

#include "plugins/providers/http/answer.h"
#include "plugins/providers/http/receipts.h"
#include "plugins/providers/http/request_plan.h"

namespace heliograph::plugins::http {

class HttpProvider {
 public:
  // Throws sdk::ConfigError naming the key, or sdk::Failure when the gateway has no HTTP client.
  HttpProvider(sdk::Host host, const sdk::Config& config);

  [[nodiscard]] sdk::Caps caps() const;

  // Starts a request for each message. HG_E_BUSY: the gateway's queue is full, offer the rest
  // again.
  hg_status send_batch(std::span<const hg_send_item> items, std::size_t& accepted);

  sdk::IngressAnswer ingress(const sdk::IngressRequest& request);

 private:
  static void on_answer(void* self, std::uint64_t op, const hg_http_response* response) noexcept;

  hg_status start(const hg_send_item& item);
  void complete(hg_op op, const hg_http_response& response);

  sdk::Host host_;
  const hg_http_client& http_;
  RequestPlan plan_;
  AnswerReader answers_;
  ReceiptReader receipts_;
  bool dedupes_;
  sdk::Metric refused_receipts_;
};

}  // namespace heliograph::plugins::http
