// Receipts and inbound messages: what a provider tells of its own accord.
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <heliograph/host.hpp>
#include <heliograph/text.hpp>

namespace heliograph::sdk {

// A delivery report. At least one of the two ids must be there, or nothing can be matched.
struct Receipt {
  std::string provider_msg_id{};
  std::string message_id{};               // ours, where the peer echoes it
  std::uint32_t state = HG_RCPT_UNKNOWN;  // HG_RCPT_*
  std::string dedup_key{};                // equal for a replay of the same report
  std::string provider_code{};
  std::string detail{};
  std::int32_t status_code = 0;
  std::chrono::nanoseconds at_unix{0};  // the peer's time; 0: now
  std::string raw{};                    // as received, for the audit trail
};

// A message that somebody sent to us.
struct Inbound {
  std::uint32_t channel = HG_CH_SMS;
  std::string provider_msg_id{};
  std::string from{};
  std::string to{};
  std::string subject{};
  std::string content_type{};
  std::string body{};
  std::string html{};                // of an e-mail, beside its text
  std::vector<std::string> media{};  // URLs
  std::string dedup_key{};
  std::chrono::nanoseconds at_unix{0};
  std::string raw{};
};

// A list of events in the ABI's form, which owns what the form points to.
class Events {
 public:
  Events() = default;
  Events(Events&&) = default;  // no copy: the list points into itself
  Events& operator=(Events&&) = default;

  void add(Receipt receipt) {
    const Receipt& r = receipts_.emplace_back(std::move(receipt));
    hg_event& event = append(HG_EV_RECEIPT, r.provider_msg_id, r.dedup_key, r.at_unix, r.raw);
    event.message_id = to_abi(r.message_id);
    event.receipt_state = r.state;
    event.status_code = r.status_code;
    event.provider_code = to_abi(r.provider_code);
    event.detail = to_abi(r.detail);
  }

  void add(Inbound inbound) {
    const Inbound& in = inbound_.emplace_back(std::move(inbound));
    hg_message& message = messages_.emplace_back();
    message.size = sizeof(message);
    message.channel = in.channel;
    message.from = to_abi(in.from);
    message.to = to_abi(in.to);
    message.subject = to_abi(in.subject);
    message.content_type = to_abi(in.content_type);
    message.body = to_abi(in.body);
    std::vector<hg_part>& parts = parts_.emplace_back();
    if (!in.html.empty()) {
      hg_part& part = add_part(parts, HG_PART_ALTERNATIVE);
      part.content_type = to_abi("text/html; charset=utf-8");
      part.body = to_abi(in.html);
    }
    for (const std::string& url : in.media) {
      add_part(parts, HG_PART_MEDIA).url = to_abi(url);
    }
    message.parts = parts.data();
    message.n_parts = parts.size();
    append(HG_EV_INBOUND, in.provider_msg_id, in.dedup_key, in.at_unix, in.raw).message = &message;
  }

  const hg_event* const* data() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size(); }
  bool empty() const noexcept { return pointers_.empty(); }

 private:
  static hg_part& add_part(std::vector<hg_part>& parts, std::uint32_t kind) {
    hg_part& part = parts.emplace_back();
    part.size = sizeof(part);
    part.kind = kind;
    return part;
  }

  hg_event& append(std::uint32_t kind, const std::string& id, const std::string& dedup_key,
                   std::chrono::nanoseconds at, const std::string& raw) {
    hg_event& event = events_.emplace_back();
    event.size = sizeof(event);
    event.kind = kind;
    event.provider_msg_id = to_abi(id);
    event.dedup_key = to_abi(dedup_key);
    event.at_unix_ns = at.count();
    event.raw = to_abi(raw);
    pointers_.push_back(&event);
    return event;
  }

  // Deques: what is in them does not move when they grow or are moved themselves.
  std::deque<Receipt> receipts_;
  std::deque<Inbound> inbound_;
  std::deque<hg_message> messages_;
  std::deque<std::vector<hg_part>> parts_;  // of each message
  std::deque<hg_event> events_;
  std::vector<const hg_event*> pointers_;
};

// Hands events over outside of a request from the peer (polling, a session). HG_PENDING: taken, and
// done(status) follows in [loop], HG_OK meaning durable: only then acknowledge. Anything else: not
// taken (HG_E_BUSY: slow the peer down), `done` is dropped. [any thread]
template <std::invocable<hg_status> F>
hg_status emit(Host host, const Events& events, F done) {
  struct Emitted {
    Host host;
    F done;
    static void run(void* arg, uint64_t, hg_status status) noexcept {
      const std::unique_ptr<Emitted> self(static_cast<Emitted*>(arg));
      self->host.guard("an emitted event's callback", [&] { self->done(status); });
    }
  };
  auto emitted = std::make_unique<Emitted>(Emitted{host, std::move(done)});
  const hg_status status =
      host.raw()->emit(host.raw(), events.data(), events.size(), &Emitted::run, emitted.get(), 0);
  if (status == HG_PENDING) static_cast<void>(emitted.release());
  return status;
}

}  // namespace heliograph::sdk
