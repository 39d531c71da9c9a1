#include "core/plugin/http_extension.h"

#include <array>
#include <optional>
#include <vector>

#include "core/base/text.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kHeadersMax = 100;
// For "no deadline": far enough for every use, near enough for any clock's arithmetic.
constexpr std::chrono::hours kNoDeadline{24};

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
}

bool is_hosts_own(std::string_view header) {
  constexpr std::array<std::string_view, 4> kReserved{"host", "content-length", "connection",
                                                      "transfer-encoding"};
  return std::ranges::any_of(
      kReserved, [header](std::string_view own) { return base::equals_ignore_case(own, header); });
}

// nullopt: malformed.
std::optional<ports::OutgoingRequest> convert(const hg_http_request& given, ports::MonoTime now) {
  ports::OutgoingRequest request;
  request.method = view_of(given.method);
  request.url = view_of(given.url);
  const auto http = request.url.starts_with("http://") || request.url.starts_with("https://");
  if (request.method.empty() || !http || has_control_bytes(request.method) ||
      has_control_bytes(request.url) || request.url.find(' ') != std::string::npos) {
    return std::nullopt;
  }
  if (given.n_headers > kHeadersMax || (given.headers == nullptr && given.n_headers > 0)) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < given.n_headers; ++i) {
    const auto name = view_of(given.headers[i].key);
    const auto value = view_of(given.headers[i].value);
    // CR and LF in a value would begin another header (RFC 9110, 5.5).
    if (name.empty() || is_hosts_own(name) || has_control_bytes(name) ||
        name.find_first_of(": ") != std::string_view::npos ||
        value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos) {
      return std::nullopt;
    }
    request.headers.emplace_back(name, value);
  }
  request.body = view_of(given.body);
  request.deadline =
      given.deadline_mono_ns == 0 ? now + kNoDeadline : from_ns(given.deadline_mono_ns);
  if (given.body_max != 0) request.body_max = given.body_max;
  request.safe_to_resend = (given.flags & HG_HTTP_F_SAFE_TO_RESEND) != 0;
  request.no_reuse = (given.flags & HG_HTTP_F_NO_REUSE) != 0;
  return request;
}

hg_status status_of(ports::HttpRefusal refusal) {
  switch (refusal) {
    case ports::HttpRefusal::kBusy:
      return HG_E_BUSY;
    case ports::HttpRefusal::kMalformed:
      return HG_E_CONFIG;
    case ports::HttpRefusal::kPastDeadline:
      return HG_E_DEADLINE;
    case ports::HttpRefusal::kStopped:
      break;
  }
  return HG_E_STATE;
}

hg_status status_of(ports::HttpStatus status) {
  switch (status) {
    case ports::HttpStatus::kOk:
      return HG_OK;
    case ports::HttpStatus::kTls:
      return HG_E_AUTH;
    case ports::HttpStatus::kDeadline:
      return HG_E_DEADLINE;
    case ports::HttpStatus::kCancelled:
      return HG_E_CANCELLED;
    case ports::HttpStatus::kLimit:
      return HG_E_LIMIT;
    case ports::HttpStatus::kNotHttp:
      return HG_E_ABI;
    case ports::HttpStatus::kIo:
      break;
  }
  return HG_E_IO;
}

std::uint32_t flags_of(const ports::OutgoingResponse& response) {
  return (response.reused ? HG_HTTP_R_REUSED : 0U) | (response.resent ? HG_HTTP_R_RESENT : 0U) |
         (response.truncated ? HG_HTTP_R_TRUNCATED : 0U);
}

std::uint64_t count_of(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
}

// What a plugin says of traces itself stands.
void pass_on_trace(const CallContext& inside, ports::OutgoingRequest& request) {
  constexpr std::string_view kHeader = "traceparent";
  if (inside.trace == nullptr) return;
  for (const auto& [name, value] : request.headers) {
    if (base::equals_ignore_case(name, kHeader)) return;
  }
  request.headers.emplace_back(kHeader, model::format_traceparent(*inside.trace));
}

ports::OutgoingResponse not_sent(ports::HttpStatus status, std::string detail) {
  ports::OutgoingResponse response;
  response.status = status;
  response.detail = std::move(detail);
  return response;
}

Instance& of(const hg_host* host) { return *static_cast<Instance*>(host->priv); }

constexpr hg_http_client kTable{
    .size = sizeof(hg_http_client),
    .reserved = 0,
    .request = [](const hg_host* host, const hg_http_request* request, hg_http_fn done, void* arg,
                  std::uint64_t tag, hg_id* id) -> hg_status {
      auto& instance = of(host);
      if (!instance.allows_loop_function("hg.http-client/1 request")) return HG_E_STATE;
      const auto begun = instance.services().clock.mono();
      const auto status = instance.http().request(request, done, arg, tag, id, current_call);
      current_call.host_time += instance.services().clock.mono() - begun;
      return status;
    },
    .cancel = [](const hg_host* host, hg_id id) -> hg_status {
      auto& instance = of(host);
      if (!instance.allows_loop_function("hg.http-client/1 cancel")) return HG_E_STATE;
      return instance.http().cancel(id, current_call.on_loop);
    }};

}  // namespace

const hg_http_client* HttpExtension::table() {
  used_.store(true);
  return &kTable;
}

void HttpExtension::prepare() {
  auto* factory = instance_.services().http;
  if (client_ || !used() || factory == nullptr) return;
  client_ = factory->make(instance_.config().http);
}

hg_status HttpExtension::request(const hg_http_request* given, hg_http_fn done, void* arg,
                                 std::uint64_t tag, hg_id* id, const CallContext& inside) {
  if (given == nullptr || done == nullptr) return HG_E_CONFIG;
  if (!client_ || !instance_.takes_callbacks()) return HG_E_STATE;
  const auto now = instance_.services().clock.mono();
  auto request = convert(copy_sized(given), now);
  if (!request) return HG_E_CONFIG;
  if (request->deadline <= now) return HG_E_DEADLINE;
  const auto mine = ++last_id_;
  request->begin_by = inside.begin_by;
  pass_on_trace(inside, *request);
  calls_.emplace(mine, Call{done, arg, tag, inside.sending});
  if (inside.on_loop) {
    if (const auto status = send_now(mine, std::move(*request)); status != HG_OK) {
      calls_.erase(mine);
      return status;
    }
  } else {
    instance_.post_on_strand("http", [this, mine, later = std::move(*request)]() mutable {
      send_later(mine, std::move(later));
    });
  }
  instance_.callbacks().begin();
  if (id != nullptr) *id = mine;
  return HG_OK;
}

hg_status HttpExtension::send_now(hg_id id, ports::OutgoingRequest request) {
  auto sent = client_->request(std::move(request), [this, id, alive = instance_.weak_from_this()](
                                                       ports::OutgoingResponse response) mutable {
    const auto instance = alive.lock();
    if (!instance) return;
    instance->on_strand("http response", [this, id, response = std::move(response)]() mutable {
      finish(id, std::move(response));
    });
  });
  if (!sent) return status_of(sent.error());
  calls_.at(id).client_id = *sent;
  return HG_OK;
}

void HttpExtension::send_later(hg_id id, ports::OutgoingRequest request) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return;
  if (call->second.cancelled) {
    return finish(id, not_sent(ports::HttpStatus::kCancelled, "cancelled before it was sent"));
  }
  const auto status = send_now(id, std::move(request));
  if (status == HG_OK) return;
  const auto late = status == HG_E_DEADLINE;
  finish(id, not_sent(late ? ports::HttpStatus::kDeadline : ports::HttpStatus::kIo,
                      std::string{"refused: "} + std::string{status_name(status)}));
}

void HttpExtension::finish(hg_id id, ports::OutgoingResponse response) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const auto call = found->second;
  calls_.erase(found);
  // Before the plugin hears, which may complete the send at once.
  if (response.begin_missed && call.sending != 0) instance_.side().begin_missed(call.sending);
  std::vector<hg_kv> headers;
  headers.reserve(response.headers.size());
  for (const auto& [name, value] : response.headers) {
    headers.push_back({to_abi(name), to_abi(value)});
  }
  const hg_http_response view{.size = sizeof(hg_http_response),
                              .flags = flags_of(response),
                              .id = id,
                              .status = status_of(response.status),
                              .progress = static_cast<std::uint32_t>(response.progress),
                              .code = response.code,
                              .reserved = 0,
                              .detail = to_abi(response.detail),
                              .headers = headers.data(),
                              .n_headers = headers.size(),
                              .body = to_abi(response.body),
                              .total_ns = count_of(response.total),
                              .wait_ns = count_of(response.wait)};
  call.done(call.arg, call.tag, &view);
  instance_.callbacks().end();
}

hg_status HttpExtension::cancel(hg_id id, bool on_loop) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return HG_E_STALE;
  call->second.cancelled = true;
  if (on_loop) {
    cancel_on_loop(id);
  } else {
    instance_.post_on_strand("http cancel", [this, id] { cancel_on_loop(id); });
  }
  return HG_OK;
}

void HttpExtension::cancel_on_loop(hg_id id) {
  const auto call = calls_.find(id);
  if (call != calls_.end() && call->second.client_id != 0) client_->cancel(call->second.client_id);
}

void HttpExtension::cancel_all() {
  if (!client_) return;
  instance_.post_on_strand("http cancel", [this] {
    std::vector<hg_id> open;
    for (const auto& [id, call] : calls_) open.push_back(id);
    for (const auto id : open) {
      calls_.at(id).cancelled = true;
      cancel_on_loop(id);
    }
  });
}

void HttpExtension::close() {
  if (!client_) return;
  instance_.services().loop.post([client = std::move(client_)] {});
}

}  // namespace heliograph::plugin
