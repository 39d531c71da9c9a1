// Requests that a provider sends to /v1/providers/{id}/events (hg.ingress/1).
//
// A provider's class takes them by having one of
//   sdk::IngressAnswer ingress(const sdk::IngressRequest&);           answers at once
//   void ingress(const sdk::IngressRequest&, sdk::IngressTicket);     answers later
// Verify the signature over body() before believing a word of it; the gateway stores the events and
// sends the answer when they are durable.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/ingress.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <heliograph/events.hpp>
#include <heliograph/host.hpp>
#include <heliograph/message.hpp>

namespace heliograph::sdk {

// A view of a request; lives until it is answered.
class IngressRequest {
 public:
  explicit IngressRequest(const hg_ingress_request& raw) : raw_(&raw) {}

  const hg_ingress_request& raw() const noexcept { return *raw_; }
  std::string_view method() const noexcept { return to_view(raw_->method); }
  std::string_view target() const noexcept { return to_view(raw_->target); }
  std::string_view url() const noexcept { return to_view(raw_->url); }
  std::string_view peer() const noexcept { return to_view(raw_->peer); }
  std::string_view body() const noexcept { return to_view(raw_->body); }
  std::span<const hg_kv> headers() const noexcept { return {raw_->headers, raw_->n_headers}; }
  std::optional<std::string_view> header(std::string_view name) const {
    return find_header(headers(), name);
  }
  // From this machine itself and through no proxy: may be believed without a signature.
  bool local() const noexcept { return (raw_->flags & HG_INGRESS_F_LOCAL) != 0; }

 private:
  const hg_ingress_request* raw_;
};

struct IngressAnswer {
  std::uint32_t code = 200;
  std::string body{};
  std::string content_type{};  // empty: none is sent
  Events events{};

  static IngressAnswer error(std::uint32_t code, std::string_view text) {
    IngressAnswer answer;
    answer.code = code;
    answer.body = text;
    answer.content_type = "text/plain; charset=utf-8";
    return answer;
  }
};

// The duty to answer one request, exactly once; destroyed unanswered it answers 500. [any thread]
class IngressTicket {
 public:
  // Throws Failure when the gateway lacks the extension.
  IngressTicket(Host host, hg_op op)
      : host_(host), ingress_(&host.required_extension<hg_ingress_host>(HG_EXT_INGRESS)), op_(op) {}
  IngressTicket(IngressTicket&& other) noexcept
      : host_(other.host_), ingress_(other.ingress_), op_(std::exchange(other.op_, 0)) {}
  IngressTicket& operator=(IngressTicket&&) = delete;
  ~IngressTicket() { send(500, {}, {}, nullptr); }

  void answer(const IngressAnswer& answer) noexcept {
    send(answer.code, answer.body, answer.content_type, &answer.events);
  }

 private:
  void send(std::uint32_t code, std::string_view body, std::string_view content_type,
            const Events* events) noexcept {
    const hg_op op = std::exchange(op_, 0);
    if (op == 0) return;
    const hg_kv header = kv("content-type", content_type);
    hg_ingress_answer raw{};
    raw.size = sizeof(raw);
    raw.code = code;
    raw.headers = content_type.empty() ? nullptr : &header;
    raw.n_headers = content_type.empty() ? 0 : 1;
    raw.body = to_abi(body);
    raw.events = events == nullptr ? nullptr : events->data();
    raw.n_events = events == nullptr ? 0 : events->size();
    ingress_->answer(host_.raw(), op, &raw);
  }

  Host host_;
  const hg_ingress_host* ingress_;
  hg_op op_;
};

}  // namespace heliograph::sdk
