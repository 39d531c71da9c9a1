// Limiter: a class that grants permits.
//
// Besides what lifecycle.hpp lists, a limiter's class has
//   void on_rules(const sdk::LimitRules&);           [ctl] throw Failure(HG_E_UNSUPPORTED, ...) to
//   decline
// one of                                             [loop]
//   void acquire(const hg_limit_req&, hg_limit_result& out);               answers at once
//   hg_status acquire(hg_op, const hg_limit_req&, hg_limit_result& out);   may answer HG_PENDING,
//   and then
//                                                    host.raw()->complete_limit exactly once
// and optionally
//   void refund(std::uint64_t grant, std::span<const hg_limit_key>, std::uint32_t items);
//   void cancel(hg_op);
// and for health shared between gateways what shared_window.hpp lists.
// `out` is zeroed with its size set: only fill in what there is to say.
#pragma once

#include <heliograph/abi/abi.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <heliograph/detail/glue.hpp>

namespace heliograph::sdk {

// A view of the rules in force. Valid until a later on_rules() has returned.
class LimitRules {
 public:
  LimitRules(const hg_limit_rule* rules, std::size_t n) : rules_(rules), n_(n) {}
  std::size_t size() const noexcept { return n_; }
  const hg_limit_rule& operator[](std::size_t i) const noexcept { return *HG_AT(rules_, i); }

 private:
  const hg_limit_rule* rules_;
  std::size_t n_;
};

namespace detail {

template <typename T>
concept LimitsAtOnce =
    requires(T t, const hg_limit_req& request, hg_limit_result& out) { t.acquire(request, out); };
template <typename T>
concept LimitsLater = requires(T t, hg_op op, const hg_limit_req& request, hg_limit_result& out) {
  { t.acquire(op, request, out) } -> std::same_as<hg_status>;
};
template <typename T>
concept LimiterClass = LimitsAtOnce<T> || LimitsLater<T>;
template <typename T>
concept Refunds = requires(T t, std::span<const hg_limit_key> keys) { t.refund(0, keys, 0); };
template <typename T>
concept CancelsLimit = requires(T t, hg_op op) { t.cancel(op); };

template <typename T>
struct LimiterSlots {
  using Self = Instance<T>;

  static hg_status on_rules(hg_instance* raw, const hg_limit_rule* rules, std::size_t n,
                            hg_error* err) noexcept {
    Self& self = Self::of(raw);
    return fenced(err, [&]() -> hg_status {
      self.impl.on_rules(LimitRules(rules, n));
      return HG_OK;
    });
  }

  static hg_status acquire(hg_instance* raw, hg_op op, const hg_limit_req* request,
                           hg_limit_result* out) noexcept {
    Self& self = Self::of(raw);
    return fenced_logged(self.host, "acquire", [&]() -> hg_status {
      if constexpr (LimitsLater<T>) {
        return self.impl.acquire(op, *request, *out);
      } else {
        self.impl.acquire(*request, *out);
        return HG_OK;
      }
    });
  }

  static void refund(hg_instance* raw, uint64_t grant, const hg_limit_key* keys, std::size_t n_keys,
                     uint32_t n) noexcept {
    Self& self = Self::of(raw);
    self.host.guard("refund", [&] { self.impl.refund(grant, std::span(keys, n_keys), n); });
  }

  static void cancel(hg_instance* raw, hg_op op) noexcept {
    Self& self = Self::of(raw);
    self.host.guard("cancel", [&] { self.impl.cancel(op); });
  }
};

template <typename T>
constexpr hg_limiter make_limiter() {
  hg_limiter limiter{};
  limiter.size = sizeof(limiter);
  limiter.on_rules = &LimiterSlots<T>::on_rules;
  limiter.acquire = &LimiterSlots<T>::acquire;
  if constexpr (Refunds<T>) limiter.refund = &LimiterSlots<T>::refund;
  if constexpr (CancelsLimit<T>) limiter.cancel = &LimiterSlots<T>::cancel;
  return limiter;
}

template <typename T>
inline constexpr hg_limiter kLimiter = make_limiter<T>();

}  // namespace detail
}  // namespace heliograph::sdk
