// HttpClient: HTTP exchanges on the gateway's pooled connections (hg.http-client/1).
//
//   const std::array headers{sdk::kv("content-type", "application/json")};
//   http_.send({.url = url_, .headers = headers, .body = body, .deadline = send.deadline},
//              [ticket = std::move(ticket)](const sdk::HttpResponse& r) mutable { ... });
//
// Threads: [loop], and [ctl] where abi/base.h allows it.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/http_client.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <heliograph/host.hpp>
#include <heliograph/message.hpp>

namespace heliograph::sdk {

struct HttpRequest {
  std::string_view method = "POST";
  std::string_view url{};            // absolute, http or https
  std::span<const hg_kv> headers{};  // Host, Content-Length and Connection are added by the gateway
  std::string_view body{};
  MonoTime deadline{};         // of the whole exchange
  std::uint64_t body_max = 0;  // bytes of the answer's body; 0: 1 MiB
  bool safe_to_resend =
      false;              // the peer dedupes: the gateway may repeat it on a closed connection
  bool no_reuse = false;  // a connection of its own
};

// A view of an answer; lives for the callback only.
class HttpResponse {
 public:
  explicit HttpResponse(const hg_http_response& raw) : raw_(&raw) {}

  const hg_http_response& raw() const noexcept { return *raw_; }
  // HG_OK when the answer is complete, else why not.
  hg_status status() const noexcept { return raw_->status; }
  // The peer cannot have acted on the request: the operation certainly did not happen.
  bool certainly_not_sent() const noexcept { return raw_->progress < HG_HTTP_WRITTEN; }
  // There is a status code (and headers); the body may still be cut off, see status().
  bool answered() const noexcept { return raw_->progress >= HG_HTTP_HEAD; }
  int code() const noexcept { return static_cast<int>(raw_->code); }
  std::string_view body() const noexcept { return to_view(raw_->body); }
  std::string_view detail() const noexcept { return to_view(raw_->detail); }
  std::span<const hg_kv> headers() const noexcept { return {raw_->headers, raw_->n_headers}; }
  // `name` in lower case; the first one counts.
  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers(), name);
  }

 private:
  const hg_http_response* raw_;
};

class HttpClient {
 public:
  // Throws Failure when the gateway lacks the extension.
  explicit HttpClient(Host host)
      : host_(host), http_(&host.required_extension<hg_http_client>(HG_EXT_HTTP_CLIENT)) {}

  // Starts an exchange; `done` is called exactly once. The request is copied. When the gateway
  // refuses it (queue full, malformed URL, deadline past) `done` is called before this returns,
  // with the refusal as status(), nothing sent, and 0 is returned; else later, and the id for
  // cancel() is returned.
  template <std::invocable<const HttpResponse&> F>
  hg_id send(const HttpRequest& request, F done) {
    auto exchange = std::make_unique<Exchange<F>>(Exchange<F>{host_, std::move(done)});
    const hg_http_request raw = to_raw(request);
    hg_id id = 0;
    const hg_status refused =
        http_->request(host_.raw(), &raw, &Exchange<F>::run, exchange.get(), 0, &id);
    if (refused == HG_OK) {
      static_cast<void>(exchange.release());
      return id;
    }
    hg_http_response response{};
    response.size = sizeof(response);
    response.status = refused;
    response.progress = HG_HTTP_NOT_CONNECTED;
    response.detail = HG_STR("the gateway did not take the request");
    exchange->done(HttpResponse(response));
    return 0;
  }

  // `done` still comes: cancelled with the progress made, or with the answer that won.
  void cancel(hg_id id) noexcept { http_->cancel(host_.raw(), id); }

 private:
  template <typename F>
  struct Exchange {
    Host host;
    F done;
    static void run(void* arg, uint64_t, const hg_http_response* response) noexcept {
      const std::unique_ptr<Exchange> self(static_cast<Exchange*>(arg));
      self->host.guard("an HTTP answer's callback", [&] { self->done(HttpResponse(*response)); });
    }
  };

  static hg_http_request to_raw(const HttpRequest& request) {
    hg_http_request raw{};
    raw.size = sizeof(raw);
    raw.flags = (request.safe_to_resend ? HG_HTTP_F_SAFE_TO_RESEND : 0u) |
                (request.no_reuse ? HG_HTTP_F_NO_REUSE : 0u);
    raw.method = to_abi(request.method);
    raw.url = to_abi(request.url);
    raw.headers = request.headers.data();
    raw.n_headers = request.headers.size();
    raw.body = to_abi(request.body);
    raw.deadline_mono_ns = to_abi(request.deadline);
    raw.body_max = request.body_max;
    return raw;
  }

  Host host_;
  const hg_http_client* http_;
};

}  // namespace heliograph::sdk
