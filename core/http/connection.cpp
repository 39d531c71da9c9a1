#include "core/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <exception>

#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/http/target.h"

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kAllMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
// After a refusal: how long and how much is read and thrown away, so that the answer is not
// overtaken by the reset that unread input causes (RFC 9112, 9.6).
constexpr auto kLingerTime = 1s;
constexpr std::size_t kLingerBytes = 1 << 20;
// What one large answer leaves in the connection's buffer is given back beyond this.
constexpr std::size_t kKeptOutput = 64 * 1024;
constexpr std::size_t kRequestIdMax = 64;

bool is_request_id(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  return !text.empty() && text.size() <= kRequestIdMax && std::ranges::all_of(text, visible);
}

// Why a handler gave no answer, from the exception in flight.
struct HandlerFault {
  unsigned status = 500;
  std::string what;
};
HandlerFault current_fault() {
  try {
    throw;
  } catch (const OperationDropped&) {
    return {503, ""};
  } catch (const std::exception& e) {
    return {500, e.what()};
  } catch (...) {
    return {500, "an exception that is no std::exception"};
  }
}

Response fault_response(const HandlerFault& fault) {
  if (fault.status != 503) return problem_response(500, "the request could not be handled");
  Response response = problem_response(503, "the gateway is stopping");
  response.headers.emplace_back("Retry-After", "1");
  response.close = true;
  return response;
}

// Answers what no handler is there for.
Response unrouted_response(const Router::Match& match) {
  if (match.status == 404) return problem_response(404, "there is no such resource");
  Response response;
  if (match.status == 405)
    response = problem_response(405, "the resource does not have this method");
  else
    response.status = 204;  // OPTIONS
  response.headers.emplace_back("Allow", match.allow);
  return response;
}

// A place among the large requests, for those whose body may be larger than usual where the route
// takes such ones.
class LargeRequest {
 public:
  explicit LargeRequest(Worker& worker) : worker_(worker) {}
  ~LargeRequest() {
    if (taken_) worker_.give_back_large_request();
  }
  LargeRequest(const LargeRequest&) = delete;
  LargeRequest& operator=(const LargeRequest&) = delete;

  bool admit(const RouteOptions& route, const RequestParser& parser) {
    constexpr std::size_t kUsual = RouteOptions{}.body_max;
    if (route.body_max <= kUsual || !parser.may_exceed(kUsual)) return true;
    taken_ = worker_.take_large_request();
    return taken_;
  }

 private:
  Worker& worker_;
  bool taken_ = false;
};

}  // namespace

// The seat is a parameter, so that it goes after the connection.
asio::awaitable<void> serve_connection(Worker& worker, ListenerContext& listener,
                                       asio::ip::tcp::socket socket, asio::ip::address peer,
                                       [[maybe_unused]] ConnectionSeat seat) {
  Connection connection(worker, listener, std::move(socket), peer);
  try {
    co_await connection.run();
  } catch (const std::exception& e) {
    worker.shared().log_error(fmt::format("connection ended by an exception: {}", e.what()));
  }
}

Connection::Connection(Worker& worker, ListenerContext& listener, asio::ip::tcp::socket socket,
                       const asio::ip::address& peer)
    : worker_(worker),
      listener_(listener),
      tls_(listener.tls.load()),
      transport_(std::move(socket), tls_ ? &tls_->context : nullptr),
      peer_(peer.to_string()),
      peer_is_loopback_(peer.is_loopback()),
      in_(worker.shared().options.header_max + 4096) {
  worker_.add(*this);
}

asio::awaitable<void> Connection::run() {
  if (worker_.draining()) co_return;
  enter(Phase::kHandshake, worker_.shared().options.header_timeout);
  const auto error = co_await transport_.handshake();
  if (error || expired_) co_return;
  bool more = true;
  while (more) more = co_await serve_request();
  transport_.finish();
}

asio::awaitable<bool> Connection::serve_request() {
  RequestParser parser(worker_.shared().framing, request_);
  Step step = co_await read_header(parser);
  if (step == Step::kGo) step = prepare_request();
  const std::shared_ptr<const Router> router = worker_.shared().router.load();
  Router::Match match;
  bool body_declined = false;
  LargeRequest large(worker_);
  if (step == Step::kGo) {
    match = router->find(request_.method, path_);
    if (!large.admit(match.options, parser))
      step = refuse_with(503, "too many large requests at once");
  }
  if (step == Step::kGo) {
    body_declined = match.handler == nullptr && parser.wants_continue();
  }
  if (step == Step::kGo && !body_declined) {
    step = co_await read_body(parser, match.options.body_max);
  }
  if (step == Step::kRefuse) co_await refuse();
  if (step != Step::kGo) co_return false;

  worker_.count_request();
  request_.params = std::move(match.params);
  const auto begun = Clock::now();
  Response response = co_await handle(match);
  worker_.shared().metrics.handled(Clock::now() - begun);
  if (response.abort) {
    transport_.close();
    co_return false;
  }
  if (body_declined) response.close = true;
  const Persistence persistence = persistence_for(parser, response);
  const bool sent = co_await answer(response, persistence);
  if (!sent) co_return false;
  if (response.feed && request_.method != Method::kHead) co_await send_feed(*response.feed);
  if (persistence != Persistence::kClose) co_return true;
  if (body_declined || !in_.empty()) co_await linger();
  co_return false;
}

asio::awaitable<Connection::Step> Connection::read_header(RequestParser& parser) {
  const ServerOptions& options = worker_.shared().options;
  request_.method = Method::kGet;  // of answers to what cannot be parsed
  request_.request_id.clear();
  enter(Phase::kIdle, options.idle_timeout);
  // One empty line before a request is ignored: old clients end a body with one (RFC 9112, 2.2).
  bool blank_line_allowed = true;
  for (;;) {
    if (blank_line_allowed && in_.view().starts_with("\r\n")) {
      in_.consume(2);
      blank_line_allowed = false;
    }
    if (!in_.empty()) {
      // The half of one that has come: whether it is one is for what follows to say.
      const bool half = blank_line_allowed && in_.view() == "\r";
      const auto progress =
          half ? RequestParser::Progress::kNeedMore : parser.parse_header(in_.view());
      if (progress == RequestParser::Progress::kDone) break;
      if (progress == RequestParser::Progress::kFailed) {
        refusal_ = parser.error();
        co_return Step::kRefuse;
      }
      // Only now, because most headers come in one piece and need no deadline of their own.
      if (phase_ == Phase::kIdle) enter(Phase::kReading, options.header_timeout);
    }
    if (worker_.draining() && phase_ == Phase::kIdle) co_return Step::kGone;
    const bool received = co_await fill();
    if (!received) co_return read_failed();
  }
  in_.consume(parser.header_size());
  co_return Step::kGo;
}

// Fills in what the parser does not know of.
Connection::Step Connection::prepare_request() {
  const auto client_id = request_.header("x-request-id");
  if (client_id && is_request_id(*client_id)) {
    request_.request_id = *client_id;
  } else {
    request_.request_id = worker_.make_request_id();
  }
  request_.peer = peer_;
  request_.peer_is_loopback = peer_is_loopback_;
  request_.local_listener = listener_.name;
  request_.executor = &worker_;
  const auto target = split_target(request_.target);
  if (!target) return refuse_with(400, "the request target is malformed");
  path_ = target->path;
  auto path = percent_decode(target->path);
  auto query = parse_query(target->query);
  if (!path || !query) return refuse_with(400, "the request target is not percent-encoded rightly");
  request_.path = std::move(*path);
  request_.query = std::move(*query);
  return Step::kGo;
}

asio::awaitable<Connection::Step> Connection::read_body(RequestParser& parser,
                                                        std::size_t body_max) {
  auto progress = parser.start_body(body_max);
  if (progress == RequestParser::Progress::kNeedMore) {
    enter(Phase::kReading, worker_.shared().options.body_timeout);
    if (parser.wants_continue() && in_.empty()) {
      const Step step = co_await send_continue();
      if (step != Step::kGo) co_return step;
    }
  }
  while (progress == RequestParser::Progress::kNeedMore) {
    std::size_t used = 0;
    progress = parser.parse_body(in_.view(), used);
    in_.consume(used);
    if (progress != RequestParser::Progress::kNeedMore) break;
    const bool received = co_await fill();
    if (!received) co_return read_failed();
  }
  if (progress == RequestParser::Progress::kDone) co_return Step::kGo;
  refusal_ = parser.error();
  co_return Step::kRefuse;
}

asio::awaitable<bool> Connection::fill() {
  const std::span<char> room = in_.prepare();
  const asio::mutable_buffer buffer(room.data(), room.size());
  const auto result = co_await transport_.read_some(buffer);
  if (result.error || expired_) co_return false;
  in_.commit(result.size);
  co_return true;
}

asio::awaitable<Connection::Step> Connection::send_continue() {
  const auto error = co_await transport_.write(kContinue);
  if (expired_) co_return read_failed();
  co_return error ? Step::kGone : Step::kGo;
}

// A request that is begun and late gets 408; a peer that is gone, or was silent, gets nothing.
Connection::Step Connection::read_failed() {
  if (!expired_ || phase_ != Phase::kReading) return Step::kGone;
  expired_ = false;
  return refuse_with(408, "the request did not arrive in time");
}

Connection::Step Connection::refuse_with(unsigned status, std::string_view detail) {
  refusal_ = FramingError{status, std::string(detail)};
  return Step::kRefuse;
}

asio::awaitable<Response> Connection::handle(const Router::Match& match) {
  phase_ = Phase::kHandling;  // no deadline: what a handler awaits is bounded by its own
  deadline = kNoDeadline;
  if (request_.path == "*") {
    Response all;
    all.status = 204;
    all.headers.emplace_back("Allow", kAllMethods);
    co_return all;
  }
  if (!match.handler) co_return own(unrouted_response(match));
  HandlerFault fault;
  try {
    Response response = co_await (*match.handler)(request_);
    if (has_safe_headers(response)) co_return response;
    fault.what = "a response header that is malformed";
  } catch (...) {
    fault = current_fault();
  }
  if (fault.status == 500) {
    worker_.shared().log_error(fmt::format("request {} failed: {} {}: {}", request_.request_id,
                                           to_string(request_.method), match.pattern, fault.what));
  }
  co_return own(fault_response(fault));
}

// An answer of the server itself.
Response Connection::own(Response response) const {
  const auto& decorate = worker_.shared().options.decorate;
  if (decorate) decorate(request_, response);
  return response;
}

Persistence Connection::persistence_for(const RequestParser& parser,
                                        const Response& response) const {
  if (response.close || response.feed || worker_.draining() || !parser.keep_alive())
    return Persistence::kClose;
  return parser.version() >= 11 ? Persistence::kKeepAlive : Persistence::kKeepAlive10;
}

void Connection::render(const Response& response, Persistence persistence) {
  HeadContext context;
  context.server_name = worker_.shared().options.server_name;
  context.date = worker_.date();
  context.request_id = request_.request_id;
  context.persistence = persistence;
  const auto length = response.feed ? std::nullopt : std::optional(response.body.size());
  out_.clear();
  append_head(out_, response, context, length);
  if (request_.method != Method::kHead && !is_bodiless(response.status)) out_ += response.body;
}

asio::awaitable<bool> Connection::answer(const Response& response, Persistence persistence) {
  render(response, persistence);
  worker_.shared().metrics.answered(response.status);
  Transport::Error error;
  const std::size_t written = transport_.write_now(out_, error);
  if (!error && written < out_.size()) {
    enter(Phase::kWriting, worker_.shared().options.write_timeout);
    const std::string_view rest = std::string_view(out_).substr(written);
    error = co_await transport_.write(rest);
  }
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);
  co_return !error && !expired_;
}

asio::awaitable<void> Connection::refuse() {
  worker_.count_framing_error();
  if (request_.request_id.empty()) request_.request_id = worker_.make_request_id();
  Response response = own(problem_response(refusal_->status, refusal_->detail));
  if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
  const bool sent = co_await answer(response, Persistence::kClose);
  if (sent) co_await linger();
}

asio::awaitable<void> Connection::linger() {
  enter(Phase::kLingering, kLingerTime);
  transport_.shutdown_send();
  std::size_t discarded = 0;
  bool more = true;
  while (more && discarded < kLingerBytes) {
    discarded += in_.view().size();
    in_.consume(in_.view().size());
    more = co_await fill();
  }
}

void Connection::enter(Phase phase, std::chrono::milliseconds timeout) {
  phase_ = phase;
  deadline = Clock::now() + timeout;
}

void Connection::on_deadline() {
  expired_ = true;
  if (phase_ == Phase::kReading) {
    transport_.cancel();  // there is an answer to be written: 408
  } else {
    transport_.close();
  }
}

void Connection::on_drain() {
  if (phase_ == Phase::kIdle) transport_.cancel();
  // Whoever does not read a feed does not hold up the end.
  if (feed_pause_ != nullptr && phase_ == Phase::kWriting) transport_.close();
  end_feed();
}

void Connection::cut() {
  transport_.close();
  end_feed();
}

}  // namespace heliograph::http
