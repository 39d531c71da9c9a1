#include <heliograph/testing/fake_http.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <heliograph/message.hpp>
#include <heliograph/testing/fake_host.hpp>

namespace heliograph::sdk::testing {
namespace {

constexpr std::uint64_t kBodyMaxDefault = 1 << 20;  // abi/ext/http_client.h, body_max

bool reserved_header(hg_str name) {
  std::string lower = copy_text(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower == "host" || lower == "content-length" || lower == "connection";
}

}  // namespace

HttpReply HttpReply::json(std::uint32_t code, std::string_view body) {
  HttpReply reply = with_header(code, "content-type", "application/json");
  reply.body = body;
  return reply;
}

HttpReply HttpReply::with_header(std::uint32_t code, std::string_view name,
                                 std::string_view value) {
  HttpReply reply;
  reply.code = code;
  reply.headers = {{std::string(name), std::string(value)}};
  return reply;
}

HttpReply HttpReply::failure(std::uint32_t progress, hg_status status, std::string_view detail) {
  HttpReply reply;
  reply.status = status;
  reply.progress = progress;
  reply.code = progress >= HG_HTTP_HEAD ? 200 : 0;
  reply.detail = detail;
  return reply;
}

HttpReply HttpReply::refused_connection() {
  return failure(HG_HTTP_NOT_CONNECTED, HG_E_IO, "connect 127.0.0.1:1: connection refused");
}

HttpReply HttpReply::broken_while_writing() {
  return failure(HG_HTTP_NOT_WRITTEN, HG_E_IO, "write: connection reset by peer");
}

HttpReply HttpReply::broken_after_write() {
  return failure(HG_HTTP_WRITTEN, HG_E_IO, "read: connection reset by peer");
}

const hg_http_client* FakeHttp::extension() {
  static constexpr hg_http_client kClient{sizeof(hg_http_client), 0, &FakeHttp::on_request,
                                          &FakeHttp::on_cancel};
  return &kClient;
}

hg_status FakeHttp::on_request(const hg_host* raw, const hg_http_request* request, hg_http_fn done,
                               void* arg, uint64_t tag, hg_id* id) {
  FakeHost& host = FakeHost::of(raw);
  if (!host.require_loop("hg.http-client/1 request")) return HG_E_STATE;
  const Exchange exchange{
      done, arg, tag, request->body_max == 0 ? kBodyMaxDefault : request->body_max, host.now_ns()};
  return host.http().take(*request, exchange, id);
}

hg_status FakeHttp::on_cancel(const hg_host* raw, hg_id id) {
  FakeHost& host = FakeHost::of(raw);
  if (!host.require_loop("hg.http-client/1 cancel")) return HG_E_STATE;
  FakeHttp& http = host.http();
  if (http.exchanges_.count(id) == 0) return HG_E_STALE;
  for (HttpRequestRecord& request : http.requests_) {
    if (request.id == id) request.cancelled = true;
  }
  http.answer(id, HttpReply::failure(HG_HTTP_WRITTEN, HG_E_CANCELLED, "cancelled"));
  return HG_OK;
}

hg_status FakeHttp::refusal(const hg_http_request& request) {
  if (!refusals_.empty()) {
    const hg_status status = refusals_.front();
    refusals_.pop_front();
    return status;
  }
  if (host_.stopped()) return HG_E_STATE;
  const std::string url = copy_text(request.url);
  if (!url.starts_with("http://") && !url.starts_with("https://")) return HG_E_CONFIG;
  for (std::size_t i = 0; i < request.n_headers; ++i) {
    if (reserved_header(request.headers[i].key)) return HG_E_CONFIG;
  }
  const bool late = request.deadline_mono_ns != 0 && request.deadline_mono_ns <= host_.now_ns();
  return late ? HG_E_DEADLINE : HG_OK;
}

hg_status FakeHttp::take(const hg_http_request& request, const Exchange& exchange, hg_id* id) {
  const hg_status refused = refusal(request);
  if (refused != HG_OK) return refused;
  const hg_id taken = ++last_id_;
  if (id != nullptr) *id = taken;
  exchanges_.emplace(taken, exchange);
  requests_.push_back({taken, copy_text(request.method), copy_text(request.url),
                       copy_pairs(request.headers, request.n_headers), copy_text(request.body),
                       request.flags, request.deadline_mono_ns, exchange.body_max, false});
  if (request.deadline_mono_ns != 0) {
    host_.schedule(request.deadline_mono_ns, [this, taken] {
      deliver(taken, HttpReply::failure(HG_HTTP_WRITTEN, HG_E_DEADLINE, "no answer in time"));
    });
  }
  if (!script_.empty()) {
    const HttpReply reply = std::move(script_.front());
    script_.pop_front();
    answer(taken, reply);
  }
  return HG_OK;
}

bool FakeHttp::answer(const HttpReply& reply) {
  return !exchanges_.empty() && answer(exchanges_.begin()->first, reply);
}

bool FakeHttp::answer(hg_id id, const HttpReply& reply) {
  if (exchanges_.count(id) == 0) return false;
  const auto delay = static_cast<std::uint64_t>(reply.delay.count());
  host_.schedule(host_.now_ns() + delay, [this, id, reply] { deliver(id, reply); });
  return true;
}

void FakeHttp::cancel_all() {
  for (const auto& [id, exchange] : exchanges_) {
    answer(id, HttpReply::failure(HG_HTTP_WRITTEN, HG_E_CANCELLED, "the instance stops"));
  }
}

void FakeHttp::deliver(hg_id id, const HttpReply& reply) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;  // answered by the deadline, a cancel or the script before
  const Exchange exchange = found->second;
  exchanges_.erase(found);

  std::vector<hg_kv> headers;
  for (const auto& [name, value] : reply.headers) headers.push_back(kv(name, value));
  const bool cut = reply.body.size() > exchange.body_max;
  hg_http_response raw{};
  raw.size = sizeof(raw);
  raw.id = id;
  raw.flags = reply.flags | (cut ? HG_HTTP_R_TRUNCATED : 0u);
  raw.status = cut ? HG_E_LIMIT : reply.status;
  raw.progress = cut ? HG_HTTP_HEAD : reply.progress;
  raw.code = reply.code;
  raw.detail = to_abi(reply.detail);
  raw.headers = headers.data();
  raw.n_headers = headers.size();
  raw.body =
      to_abi(std::string_view(reply.body).substr(0, cut ? exchange.body_max : std::string::npos));
  raw.total_ns = host_.now_ns() - exchange.started_ns;
  exchange.done(exchange.arg, exchange.tag, &raw);
}

}  // namespace heliograph::sdk::testing
