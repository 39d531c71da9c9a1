// POST /v1/providers/{id}/dlr: receipts in the words of the credit gateway, whose one provider was
// a mock. `mock` stands for every provider of the plugin "http" unless one is called so; the one
// that awaits the receipt is found by the provider's id of the message. Answers 204 once it is on
// disk.
//
// Only for programs on this machine. The receipt goes the way of every other one, through the
// provider's plugin, so a provider with a secret still wants its signature.
#include <algorithm>
#include <array>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/base/time_text.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/ports/ingress.h"

namespace heliograph::api {
namespace {

constexpr std::string_view kAnyHttpProvider = "mock";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The provider's id of the message; the rest is only checked here.
std::expected<std::string, http::Problem> read_receipt(const http::Request& request) {
  constexpr std::array<std::string_view, 5> kStatuses{"DELIVERED", "FAILED_PERM", "EXPIRED",
                                                      "REJECTED", "ACCEPTED"};
  const auto body = read_object(request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  std::string id = fields.required_text("provider_message_id");
  if (id.empty()) fields.fail("provider_message_id", "Must not be empty.");
  const std::string status = fields.required_text("status");
  if (std::ranges::find(kStatuses, status) == kStatuses.end()) {
    fields.fail("status", "Must be \"DELIVERED\" or \"FAILED_PERM\".");
  }
  fields.text("reason");
  fields.text("message_id");
  const auto timestamp = fields.text("timestamp");
  if (timestamp && !base::parse_rfc3339(*timestamp)) {
    fields.fail("timestamp", "Must be an RFC 3339 time such as \"2026-11-22T14:35:00Z\".");
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return id;
}

boost::asio::awaitable<std::vector<std::string>> addressees(Call& call, std::string message_id) {
  const std::vector<std::string>& http_providers = call.context.settings.http_providers;
  const std::string name(call.request.param("id"));
  if (contains(http_providers, name)) co_return std::vector<std::string>{name};
  const bool any = name == kAnyHttpProvider && !contains(call.context.settings.providers, name);
  if (!any) co_return std::vector<std::string>{};
  auto start = [&](ports::Done<std::vector<std::string>> done) {
    call.ports().queries.providers_awaiting(std::move(message_id), call.executor(),
                                            std::move(done));
  };
  auto awaiting = co_await http::await_done<std::vector<std::string>>(start);
  std::erase_if(awaiting, [&](const std::string& one) { return !contains(http_providers, one); });
  // Nobody awaits it yet, or any more: each keeps it until its message turns up.
  if (awaiting.empty()) co_return http_providers;
  co_return awaiting;
}

boost::asio::awaitable<unsigned> hand_over(Call& call, const std::string& provider) {
  ports::IngressRequest event{.provider = provider,
                              .method = "POST",
                              .target = call.request.target,
                              .url = {},
                              .peer = call.request.peer,
                              .peer_is_local = true,
                              .headers = call.request.headers,
                              .body = call.request.body};
  auto start = [&](ports::Done<ports::IngressAnswer> done) {
    call.ports().ingress.handle(std::move(event), call.executor(), std::move(done));
  };
  const auto answer = co_await http::await_done<ports::IngressAnswer>(start);
  co_return answer.status;
}

boost::asio::awaitable<http::Response> post_receipt(Call& call) {
  if (!call.context.peers.is_local(call.request)) {
    co_return http::problem_response(
        403, "Only programs on this machine may report here, as JSON and without a proxy.");
  }
  auto id = read_receipt(call.request);
  if (!id) co_return http::problem_response(id.error());
  const std::vector<std::string> providers = co_await addressees(call, std::move(*id));
  unsigned worst = providers.empty() ? 404 : 0;
  bool taken = false;
  for (const std::string& provider : providers) {
    const unsigned status = co_await hand_over(call, provider);
    taken = taken || status / 100 == 2;
    worst = std::max(worst, status);
  }
  http::Response response;
  response.status = 204;
  if (taken) co_return response;
  co_return http::problem_response(worst >= 400 ? worst : 502, worst == 404
                                                                   ? "There is no such provider."
                                                                   : "The receipt was not taken.");
}

}  // namespace

void add_mock_receipts(Routes& routes) {
  routes.open(http::Method::kPost, "/v1/providers/{id}/dlr", post_receipt);
}

}  // namespace heliograph::api
