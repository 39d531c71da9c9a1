// Provider: a class that sends messages.
//
// Besides what lifecycle.hpp lists, and ingress.hpp for receipts, a provider's class has
//   sdk::Caps caps() const;                             what it can do; asked once, after start
// one of                                                [loop], must not block
//   sdk::SendResult send(const sdk::Outgoing&);         knows the answer at once
//   void send(const sdk::Outgoing&, sdk::SendTicket&&); will know it later
//   hg_status send(const sdk::Outgoing&, sdk::SendTicket&&);   HG_E_BUSY without moving the ticket:
//   not
//                                                       taken, offer it again later
//   hg_status send_batch(std::span<const hg_send_item>, std::size_t& accepted);   the ABI's own
//   form
// and optionally
//   void cancel(hg_op op, hg_status why);               nobody waits any more; still answer the
//   ticket
//
// An exception that leaves send() takes the instance out of service; the message's outcome is
// unknown.
#pragma once

#include <heliograph/abi/abi.h>

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>

#include <heliograph/detail/glue.hpp>
#include <heliograph/message.hpp>
#include <heliograph/send_result.hpp>

namespace heliograph::sdk {

struct Caps {
  std::uint32_t channels = HG_CH_SMS;  // HG_CH_* bits
  std::uint32_t max_batch = 1;         // messages of one send call of the host's
  std::uint32_t max_in_flight = 0;     // 0: no bound but the operator's
  bool dedupes = false;                // the peer drops a repeated idempotency key
  bool receipts = false;               // delivery reports will come
  bool inbound = false;                // messages may come in
};

namespace detail {

template <typename T>
concept SendsAtOnce = requires(T t, const Outgoing& o) {
  { t.send(o) } -> std::same_as<SendResult>;
};
template <typename T>
concept SendsLater =
    requires(T t, const Outgoing& o, SendTicket ticket) { t.send(o, std::move(ticket)); };
template <typename T>
concept SendsBatches = requires(T t, std::span<const hg_send_item> items, std::size_t& accepted) {
  { t.send_batch(items, accepted) } -> std::same_as<hg_status>;
};
template <typename T>
concept ProviderClass = SendsAtOnce<T> || SendsLater<T> || SendsBatches<T>;
template <typename T>
concept Cancels = requires(T t, hg_op op, hg_status why) { t.cancel(op, why); };

template <typename T>
struct ProviderSlots {
  using Self = Instance<T>;

  static hg_status caps(hg_instance* raw, hg_provider_caps* out) noexcept {
    Self& self = Self::of(raw);
    return fenced_logged(self.host, "caps", [&]() -> hg_status {
      const Caps caps = self.impl.caps();
      HG_PUT(out, channels, caps.channels);
      HG_PUT(out, max_batch, caps.max_batch);
      HG_PUT(out, max_inflight, caps.max_in_flight);
      HG_PUT(out, flags, flags(caps));
      return HG_OK;
    });
  }

  static hg_status send(hg_instance* raw, const hg_send_item* items, std::size_t n,
                        std::size_t* accepted) noexcept {
    Self& self = Self::of(raw);
    if constexpr (SendsBatches<T>) {
      return fenced_logged(self.host, "send",
                           [&] { return self.impl.send_batch(std::span(items, n), *accepted); });
    } else {
      for (std::size_t i = 0; i < n; ++i) {
        SendTicket ticket(self.host, items[i].op);
        const hg_status status = send_one(self, items[i], ticket);
        // A ticket that was moved on is answered by whoever has it, or was while it was unwound.
        const bool taken = status >= HG_OK || !ticket.pending();
        *accepted = taken ? i + 1 : i;
        if (!taken) ticket.release();
        if (status == HG_E_PANIC || !taken) return status;
      }
      return HG_OK;
    }
  }

  static void cancel(hg_instance* raw, hg_op op, hg_status why) noexcept {
    Self& self = Self::of(raw);
    self.host.guard("cancel", [&] { self.impl.cancel(op, why); });
  }

 private:
  static std::uint64_t flags(const Caps& caps) {
    return (caps.dedupes ? HG_CAP_DEDUPES : 0) | (caps.receipts ? HG_CAP_RECEIPTS : 0) |
           (caps.inbound ? HG_CAP_INBOUND : 0);
  }

  static hg_status send_one(Self& self, const hg_send_item& item, SendTicket& ticket) noexcept {
    return fenced_logged(self.host, "send", [&]() -> hg_status {
      const Outgoing outgoing{Message(*item.msg), item.op, to_mono(item.deadline_mono_ns),
                              item.attempt, (item.flags & HG_SEND_F_RESEND) != 0};
      if constexpr (SendsAtOnce<T>) {
        const SendResult result = self.impl.send(outgoing);
        ticket.complete(result);
      } else if constexpr (requires {
                             { self.impl.send(outgoing, std::move(ticket)) } -> std::same_as<void>;
                           }) {
        self.impl.send(outgoing, std::move(ticket));
      } else {
        return self.impl.send(outgoing, std::move(ticket));
      }
      return HG_OK;
    });
  }
};

template <typename T>
constexpr hg_provider make_provider() {
  hg_provider provider{};
  provider.size = sizeof(provider);
  provider.caps = &ProviderSlots<T>::caps;
  provider.send = &ProviderSlots<T>::send;
  if constexpr (Cancels<T>) provider.cancel = &ProviderSlots<T>::cancel;
  return provider;
}

template <typename T>
inline constexpr hg_provider kProvider = make_provider<T>();

}  // namespace detail
}  // namespace heliograph::sdk
