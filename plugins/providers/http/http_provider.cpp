#include "plugins/providers/http/http_provider.h"

#include <heliograph/send_result.hpp>

#include "plugins/providers/http/settings.h"

namespace heliograph::plugins::http {

namespace {

// An answer says little; what is longer is an error page and is cut.
constexpr std::uint64_t kAnswerBytesMax = 64 * 1024;

// Filling in a request takes some microseconds: well within the strand's millisecond.
constexpr std::uint32_t kBatchMax = 32;

}  // namespace

HttpProvider::HttpProvider(sdk::Host host, const sdk::Config& config)
    : host_(host),
      http_(host.required_extension<hg_http_client>(HG_EXT_HTTP_CLIENT)),
      plan_(config),
      answers_(read_answer_rules(config)),
      receipts_(config),
      dedupes_(config.flag("dedupes")),
      refused_receipts_(
          host.counter("receipts_refused_total", "Receipt requests answered with an error")) {
  if (dedupes_ && config.text("idempotency_header").empty()) {
    throw sdk::ConfigError("idempotency_header", "is needed where the provider dedupes");
  }
}

sdk::Caps HttpProvider::caps() const {
  sdk::Caps caps;
  caps.channels = HG_CH_SMS | HG_CH_EMAIL | HG_CH_MMS;
  caps.max_batch = kBatchMax;
  caps.dedupes = dedupes_;
  caps.receipts = receipts_.enabled();
  caps.inbound = receipts_.inbound();
  return caps;
}

hg_status HttpProvider::send_batch(std::span<const hg_send_item> items, std::size_t& accepted) {
  for (const hg_send_item& item : items) {
    const hg_status status = start(item);
    if (status != HG_OK) return status;
    ++accepted;
  }
  return HG_OK;
}

// The op is the callback's tag: a message in flight costs no allocation here.
hg_status HttpProvider::start(const hg_send_item& item) {
  if (const std::string_view lost = plan_.fill(sdk::Message(*item.msg)); !lost.empty()) {
    sdk::SendTicket(host_, item.op).complete(sdk::SendResult::rejected(lost));
    return HG_OK;
  }
  hg_http_request request{};
  request.size = sizeof(request);
  request.flags = dedupes_ ? HG_HTTP_F_SAFE_TO_RESEND : 0;
  request.method = sdk::to_abi(plan_.method());
  request.url = sdk::to_abi(plan_.url());
  request.headers = plan_.headers().data();
  request.n_headers = plan_.headers().size();
  request.body = sdk::to_abi(plan_.body());
  request.deadline_mono_ns = item.deadline_mono_ns;
  request.body_max = kAnswerBytesMax;
  return http_.request(host_.raw(), &request, &HttpProvider::on_answer, this, item.op, nullptr);
}

void HttpProvider::on_answer(void* self, std::uint64_t op,
                             const hg_http_response* response) noexcept {
  auto* const provider = static_cast<HttpProvider*>(self);
  // Out of memory, at worst: the ticket inside answers UNKNOWN then.
  provider->host_.guard("an answer", [&] { provider->complete(op, *response); });
}

void HttpProvider::complete(hg_op op, const hg_http_response& response) {
  sdk::SendTicket ticket(host_, op);
  const sdk::SendResult result = answers_.read(sdk::HttpResponse(response), host_.unix_time());
  ticket.complete(result);
}

sdk::IngressAnswer HttpProvider::ingress(const sdk::IngressRequest& request) {
  sdk::IngressAnswer answer = receipts_.read(request);
  if (answer.code >= 400) {
    refused_receipts_.add();
    host_.debug("receipt refused", {{"code", answer.code}, {"peer", request.peer()}});
  }
  return answer;
}

}  // namespace heliograph::plugins::http
