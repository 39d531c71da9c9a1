// Glue: turns a class into the ABI's lifecycle. Every function here that the gateway calls is
// noexcept; an exception becomes a status with its text (rule R1).
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/ingress.h>
#include <heliograph/abi/ext/shared_window.h>

#include <cstring>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <heliograph/config.hpp>
#include <heliograph/host.hpp>
#include <heliograph/ingress.hpp>
#include <heliograph/lifecycle.hpp>
#include <heliograph/shared_window.hpp>

namespace heliograph::sdk::detail {

// What an hg_instance is. Declaration order: the state outlives the class that uses it.
template <typename T>
struct Instance {
  Instance(const hg_host* raw, const hg_config* cfg)
      : state{raw, false}, host(state), impl(construct(host, Config(raw, cfg))) {}

  static Instance& of(hg_instance* self) noexcept { return *reinterpret_cast<Instance*>(self); }

  HostState state;
  Host host;
  T impl;

 private:
  static T construct(Host host, const Config& config) {
    if constexpr (std::is_constructible_v<T, Host, Config>) {
      return T(host, config);
    } else if constexpr (std::is_constructible_v<T, Host>) {
      return T(host);
    } else {
      return T();
    }
  }
};

// Runs `work` and answers its status; an exception is told to `report` and in the status.
template <typename Report, typename F>
hg_status fenced_with(Report report, F&& work) noexcept {
  try {
    return std::forward<F>(work)();
  } catch (const Failure& e) {
    report(e.status(), std::string_view(e.what()));
    return e.status();
  } catch (const std::exception& e) {
    report(HG_E_PANIC, std::string_view(e.what()));
  } catch (...) {
    report(HG_E_PANIC, std::string_view("an exception of unknown type"));
  }
  return HG_E_PANIC;
}

// The exception's text goes to the caller's `error`, which may be null.
template <typename F>
hg_status fenced(hg_error* error, F&& work) noexcept {
  const auto report = [error](hg_status status, std::string_view text) noexcept {
    set_error(error, status, text);
  };
  return fenced_with(report, std::forward<F>(work));
}

// The same where the ABI has no room for a text: it is logged. Costs nothing when all goes well.
template <typename F>
hg_status fenced_logged(Host host, std::string_view where, F&& work) noexcept {
  const auto report = [&](hg_status, std::string_view text) noexcept {
    host.error("the plugin let an exception escape", {{"where", where}, {"exception", text}});
  };
  return fenced_with(report, std::forward<F>(work));
}

// Runs a step that finishes by a Completion. When it throws before taking the duty over, the status
// says so; when it throws afterwards, the Completion has reported the failure while it was unwound.
template <typename F>
hg_status run_step(Host host, hg_op op, hg_error* error, F&& work) noexcept {
  Completion completion(host, op);
  const auto report = [&](hg_status status, std::string_view text) noexcept {
    set_error(error, status, text);
    if (!completion.pending()) host.error("a step of the life cycle failed", {{"reason", text}});
  };
  const hg_status status = fenced_with(report, [&]() -> hg_status {
    work(std::move(completion));
    return HG_PENDING;
  });
  if (status == HG_PENDING || !completion.pending()) return HG_PENDING;
  completion.release();
  return status;
}

#define HG_SDK_STEP(name)                                                                         \
  template <typename T>                                                                           \
  concept HasPlain_##name = requires(T t) { t.name(); };                                          \
  template <typename T>                                                                           \
  concept HasAsync_##name = requires(T t, Completion c, MonoTime m) { t.name(std::move(c), m); }; \
  template <typename T>                                                                           \
  hg_status step_##name(hg_instance* raw, hg_op op, uint64_t deadline, hg_error* err) noexcept {  \
    Instance<T>& self = Instance<T>::of(raw);                                                     \
    if constexpr (HasAsync_##name<T>) {                                                           \
      return run_step(self.host, op, err, [&](Completion&& completion) {                          \
        self.impl.name(std::move(completion), to_mono(deadline));                                 \
      });                                                                                         \
    } else {                                                                                      \
      static_cast<void>(op);                                                                      \
      static_cast<void>(deadline);                                                                \
      return fenced(err, [&]() -> hg_status {                                                     \
        self.impl.name();                                                                         \
        return HG_OK;                                                                             \
      });                                                                                         \
    }                                                                                             \
  }                                                                                               \
  template <typename T>                                                                           \
  inline constexpr bool kHas_##name = HasPlain_##name<T> || HasAsync_##name<T>

HG_SDK_STEP(start);
HG_SDK_STEP(drain);
HG_SDK_STEP(stop);
#undef HG_SDK_STEP

template <typename T>
concept AnswersIngress = requires(T t, const IngressRequest& r) {
  { t.ingress(r) } -> std::same_as<IngressAnswer>;
};
template <typename T>
concept TakesIngress = requires(T t, const IngressRequest& r, IngressTicket ticket) {
  t.ingress(r, std::move(ticket));
};
template <typename T>
concept HasExtensions = requires(T t, const char* id) {
  { t.get_extension(id) } -> std::convertible_to<const void*>;
};
template <typename T>
concept Reconfigurable = requires(T t, const Config& config) {
  { t.reconfigure(config) } -> std::same_as<bool>;
};

// The slots of hg_lifecycle and hg_ingress for a class T.
template <typename T>
struct Slots {
  using Self = Instance<T>;

  static hg_status create(const hg_host* host, const hg_component*, const hg_config* cfg,
                          hg_instance** out, hg_error* err) noexcept {
    return fenced(err, [&]() -> hg_status {
      *out = reinterpret_cast<hg_instance*>(std::make_unique<Self>(host, cfg).release());
      return HG_OK;
    });
  }

  static void destroy(hg_instance* raw) noexcept {
    Self* self = &Self::of(raw);
    self->state.closing = true;
    delete self;
  }

  static hg_status drain(hg_instance* raw, hg_op op, uint64_t deadline) noexcept {
    hg_error error{};
    error.size = sizeof(error);
    const hg_status status = step_drain<T>(raw, op, deadline, &error);
    tell(raw, "drain", error);
    return status;
  }

  static hg_status stop(hg_instance* raw, hg_op op, uint64_t deadline) noexcept {
    hg_error error{};
    error.size = sizeof(error);
    const hg_status status = step_stop<T>(raw, op, deadline, &error);
    tell(raw, "stop", error);
    return status;
  }

  static hg_status reconfigure(hg_instance* raw, const hg_config* cfg, hg_error* err) noexcept {
    Self& self = Self::of(raw);
    return fenced(err, [&]() -> hg_status {
      return self.impl.reconfigure(Config(self.host.raw(), cfg)) ? HG_OK : HG_E_UNSUPPORTED;
    });
  }

  static hg_status ingress(hg_instance* raw, hg_op op, const hg_ingress_request* request) noexcept {
    Self& self = Self::of(raw);
    return fenced_logged(self.host, "ingress", [&]() -> hg_status {
      if constexpr (TakesIngress<T>) {
        // Whoever holds the ticket answers, 500 while it is unwound: so the request is answered
        // anyway.
        IngressTicket ticket(self.host, op);
        self.host.guard("ingress",
                        [&] { self.impl.ingress(IngressRequest(*request), std::move(ticket)); });
      } else {
        const IngressAnswer answer = self.impl.ingress(IngressRequest(*request));
        IngressTicket(self.host, op).answer(answer);
      }
      return HG_OK;
    });
  }

  // Answered by the ticket in any case: while it is unwound, when the plugin throws.
  static hg_status exchange(hg_instance* raw, hg_op op, uint64_t window_ns, uint64_t bucket_ns,
                            uint64_t deadline_ns, const hg_window_item* items, std::size_t n,
                            hg_window_totals* out) noexcept {
    Self& self = Self::of(raw);
    SharedTicket ticket(self.host, op, out);
    self.host.guard("exchange", [&] {
      const SharedCounts counts(window_ns, bucket_ns, deadline_ns, items, n);
      self.impl.exchange(counts, std::move(ticket));
    });
    return HG_PENDING;
  }

  static hg_status reset_shared(hg_instance* raw, hg_str key) noexcept {
    Self& self = Self::of(raw);
    return self.host.guard("reset", [&] { self.impl.reset_shared(to_view(key)); }) ? HG_OK
                                                                                   : HG_E_INTERNAL;
  }

  static const void* get_extension(hg_instance* raw, const char* id) noexcept {
    if constexpr (SharesWindow<T>) {
      static constexpr hg_shared_window kShared{sizeof(hg_shared_window), 0, &Slots::exchange,
                                                &Slots::reset_shared};
      if (std::strcmp(id, HG_EXT_SHARED_WINDOW) == 0) return &kShared;
    }
    if constexpr (AnswersIngress<T> || TakesIngress<T>) {
      static constexpr hg_ingress kIngress{sizeof(hg_ingress), 0, &Slots::ingress};
      if (std::strcmp(id, HG_EXT_INGRESS) == 0) return &kIngress;
    }
    if constexpr (HasExtensions<T>) return Self::of(raw).impl.get_extension(id);
    static_cast<void>(raw);
    return nullptr;
  }

 private:
  // drain and stop have no hg_error: what goes wrong is logged.
  static void tell(hg_instance* raw, std::string_view step, const hg_error& error) noexcept {
    if (error.msg_len == 0) return;
    Self::of(raw).host.error(
        "a step of the life cycle failed",
        {{"step", step}, {"reason", std::string_view(error.msg, error.msg_len)}});
  }
};

template <typename T>
constexpr hg_lifecycle make_lifecycle() {
  hg_lifecycle life{};
  life.size = sizeof(life);
  life.create = &Slots<T>::create;
  life.destroy = &Slots<T>::destroy;
  life.get_extension = &Slots<T>::get_extension;
  if constexpr (kHas_start<T>) life.start = &step_start<T>;
  if constexpr (kHas_drain<T>) life.drain = &Slots<T>::drain;
  if constexpr (kHas_stop<T>) life.stop = &Slots<T>::stop;
  if constexpr (Reconfigurable<T>) life.reconfigure = &Slots<T>::reconfigure;
  return life;
}

template <typename T>
inline constexpr hg_lifecycle kLifecycle = make_lifecycle<T>();

}  // namespace heliograph::sdk::detail
