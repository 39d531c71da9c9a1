#include "core/app/mock/mock_provider.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/app/mock/inbound_event.h"
#include "core/app/mock/receipt_sender.h"
#include "core/app/mock/send_request.h"
#include "core/http/server.h"

namespace heliograph::app::mock {
namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using http::Request;
using http::Response;
using Json = nlohmann::json;

constexpr std::chrono::seconds kRateWindow{1};

std::int64_t unix_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// Of one message with attachments; whoever runs a mock trusts who talks to it.
constexpr std::size_t kSendBodyMax = 64ull << 20;

struct Arrival {
  std::int64_t at_ns = 0;
  std::string channel;
  std::string content;              // JSON, of rich messages
  std::string message_id;           // ours, as the gateway sent it
  std::string key;                  // Idempotency-Key
  std::string provider_message_id;  // given out; empty when it was not taken
  std::string path;
  unsigned code = 0;  // 0: cut off without an answer
};

Response json_response(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

Response error_response(unsigned status, const char* text) {
  return json_response(status, Json{{"error", text}}.dump());
}

awaitable<void> sleep_for(milliseconds duration) {
  if (duration.count() == 0) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, duration);
  co_await timer.async_wait(use_awaitable);
}

}  // namespace

// The server has one thread, so the handlers need no lock.
class MockProvider::Impl {
 public:
  Impl(const MockOptions& options, const ports::Clock& clock)
      : options_(options),
        behaviour_(options.behaviour),
        dice_(options.seed),
        clock_(clock),
        receipts_(clock),
        server_(server_options(options), routes()) {}

  void start() { server_.start(); }
  void stop() { server_.stop(milliseconds{200}); }
  std::string address() const { return server_.addresses().front(); }

 private:
  static http::ServerOptions server_options(const MockOptions& options) {
    http::ServerOptions server;
    http::ListenerOptions listener;
    listener.listen = options.listen;
    server.listeners = {listener};
    server.server_name = "mock-provider";
    return server;
  }

  http::Router routes() {
    http::Router router;
    const auto bind = [this](auto member) {
      return [this, member](Request& request) { return (this->*member)(request); };
    };
    const http::RouteOptions large{.body_max = kSendBodyMax};
    router.add(http::Method::kPost, "/api/sms/{name}", bind(&Impl::send));
    router.add(http::Method::kPost, "/api/mms/{name}", bind(&Impl::send));
    router.add(http::Method::kPost, "/api/email/{name}", bind(&Impl::send_email), large);
    router.add(http::Method::kGet, "/api/sms/{name}", bind(&Impl::send_by_query));
    router.add(http::Method::kGet, "/health", bind(&Impl::health));
    router.add(http::Method::kGet, "/admin/behaviour", bind(&Impl::get_behaviour));
    router.add(http::Method::kPut, "/admin/behaviour", bind(&Impl::put_behaviour));
    router.add(http::Method::kGet, "/admin/arrivals", bind(&Impl::get_arrivals));
    router.add(http::Method::kDelete, "/admin/arrivals", bind(&Impl::delete_arrivals));
    router.add(http::Method::kPost, "/admin/inbound", bind(&Impl::post_inbound));
    return router;
  }

  awaitable<Response> send(Request& request) {
    return carry(request, read_phone_message(Json::parse(request.body, nullptr, false)));
  }

  awaitable<Response> send_email(Request& request) {
    return carry(request, read_email(Json::parse(request.body, nullptr, false)));
  }

  // Gateways of the older kind send with GET and a query.
  awaitable<Response> send_by_query(Request& request) {
    auto document = Json::object();
    for (const auto& [name, value] : request.query) document[name] = value;
    return carry(request, read_phone_message(document));
  }

  awaitable<Response> carry(Request& request, SendRequest asked) {
    Arrival arrival;
    arrival.at_ns = unix_ns();
    arrival.path = request.path;
    arrival.key = request.header("idempotency-key").value_or("");
    arrival.channel = std::move(asked.channel);
    arrival.message_id = std::move(asked.message_id);
    arrival.content = std::move(asked.content);
    Response response = decide(asked.error, arrival);
    const bool hang = response.abort && behaviour_.fault == "hang";
    remember(std::move(arrival));
    const auto wait = hang ? milliseconds{std::chrono::hours{1}} : behaviour_.latency;
    co_await sleep_for(wait);
    co_return response;
  }

  // The answer to a send; fills in what the arrival came to.
  Response decide(const std::string& error, Arrival& arrival) {
    Response response = judge(error, arrival);
    arrival.code = response.abort ? 0 : response.status;
    return response;
  }

  Response judge(const std::string& error, Arrival& arrival) {
    if (!error.empty()) return error_response(400, error.c_str());
    if (over_rate_limit()) {
      Response response = error_response(429, "rate limit exceeded");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    if (behaviour_.dedupe && !arrival.key.empty()) {
      if (const auto known = taken_.find(arrival.key); known != taken_.end()) {
        arrival.provider_message_id = known->second;
        return success(known->second);
      }
    }
    switch (dice_.draw(behaviour_)) {
      case Verdict::kTemporary:
        return error_response(500, "temporary failure");
      case Verdict::kPermanent:
        return error_response(400, "rejected");
      case Verdict::kFault: {
        take(arrival);  // it was read, so it is sent: that is what makes it doubtful
        Response response;
        response.abort = true;
        return response;
      }
      case Verdict::kSuccess:
        break;
    }
    return success(take(arrival));
  }

  // Accepts the message: gives it an id and schedules its receipt.
  std::string take(Arrival& arrival) {
    arrival.provider_message_id = fmt::format("{}-{}", options_.id, ++last_id_);
    if (behaviour_.dedupe && !arrival.key.empty())
      taken_.emplace(arrival.key, arrival.provider_message_id);
    if (behaviour_.receipts_url.empty()) return arrival.provider_message_id;
    ReceiptToSend receipt;
    receipt.url = behaviour_.receipts_url;
    receipt.secret = behaviour_.receipts_secret;
    receipt.provider_message_id = arrival.provider_message_id;
    receipt.message_id = arrival.message_id;
    receipt.status = dice_.chance(behaviour_.receipt_fail_rate) ? "FAILED_PERM" : "DELIVERED";
    receipt.delay =
        behaviour_.receipt_early ? milliseconds{0} : behaviour_.latency + behaviour_.receipt_delay;
    for (int copy = 0; copy < behaviour_.receipt_copies; ++copy) receipts_.schedule(receipt);
    return arrival.provider_message_id;
  }

  static Response success(const std::string& id) {
    return json_response(200, fmt::format(R"({{"message":"SMS accepted","message_id":"{}"}})", id));
  }

  bool over_rate_limit() {
    if (behaviour_.rate_limit == 0) return false;
    const auto now = clock_.mono();
    while (!recent_.empty() && recent_.front() <= now - kRateWindow) recent_.pop_front();
    if (recent_.size() >= behaviour_.rate_limit) return true;
    recent_.push_back(now);
    return false;
  }

  void remember(Arrival arrival) {
    if (arrivals_.size() >= options_.arrivals_max) {
      arrivals_.pop_front();
      ++arrivals_forgotten_;
    }
    ++arrivals_total_;
    arrivals_.push_back(std::move(arrival));
  }

  awaitable<Response> health(Request&) {
    co_return json_response(200, Json{{"status", "healthy"}, {"provider", options_.id}}.dump());
  }

  awaitable<Response> get_behaviour(Request&) { co_return json_response(200, to_json(behaviour_)); }

  awaitable<Response> put_behaviour(Request& request) {
    const auto applied = apply_json(request.body, behaviour_);
    if (!applied) co_return error_response(400, applied.error().c_str());
    co_return json_response(200, to_json(behaviour_));
  }

  awaitable<Response> get_arrivals(Request& request) {
    Json out = {{"total", arrivals_total_},
                {"forgotten", arrivals_forgotten_},
                {"receipts_delivered", receipts_.delivered()},
                {"receipts_dropped", receipts_.dropped()},
                {"inbound_delivered", receipts_.events_delivered()},
                {"inbound_dropped", receipts_.events_dropped()}};
    if (request.query_value("summary")) co_return json_response(200, out.dump());
    auto& list = out["arrivals"] = Json::array();
    for (const auto& arrival : arrivals_) {
      list.push_back({{"at_ns", arrival.at_ns},
                      {"message_id", arrival.message_id},
                      {"idempotency_key", arrival.key},
                      {"provider_message_id", arrival.provider_message_id},
                      {"path", arrival.path},
                      {"channel", arrival.channel},
                      {"code", arrival.code}});
      if (!arrival.content.empty()) list.back()["content"] = Json::parse(arrival.content);
    }
    co_return json_response(200, out.dump());
  }

  // A message as a subscriber would send it: told to the gateway where the receipts go.
  awaitable<Response> post_inbound(Request& request) {
    if (behaviour_.receipts_url.empty()) {
      co_return error_response(409, "receipts_url is not set, so there is nobody to tell");
    }
    const std::string id = fmt::format("{}-in-{}", options_.id, last_inbound_ + 1);
    auto event = inbound_event(Json::parse(request.body, nullptr, false), id);
    if (!event) co_return error_response(400, event.error().c_str());
    ++last_inbound_;
    receipts_.post_event(
        {.url = behaviour_.receipts_url, .secret = behaviour_.receipts_secret, .body = *event});
    co_return json_response(202, Json{{"id", id}}.dump());
  }

  awaitable<Response> delete_arrivals(Request&) {
    arrivals_.clear();
    arrivals_total_ = 0;
    arrivals_forgotten_ = 0;
    co_return json_response(200, "{}");
  }

  MockOptions options_;
  Behaviour behaviour_;
  Dice dice_;
  const ports::Clock& clock_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_inbound_ = 0;
  std::uint64_t arrivals_total_ = 0;
  std::uint64_t arrivals_forgotten_ = 0;
  std::deque<Arrival> arrivals_;
  std::deque<ports::MonoTime> recent_;                  // sends within the rate window
  std::unordered_map<std::string, std::string> taken_;  // idempotency key -> id given out
  ReceiptSender receipts_;
  http::Server server_;  // last: its handlers use everything above
};

MockProvider::MockProvider(const MockOptions& options, const ports::Clock& clock)
    : impl_(std::make_unique<Impl>(options, clock)) {}
MockProvider::~MockProvider() = default;
void MockProvider::start() { impl_->start(); }
void MockProvider::stop() { impl_->stop(); }
std::string MockProvider::address() const { return impl_->address(); }

}  // namespace heliograph::app::mock
