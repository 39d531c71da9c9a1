// Host: what the gateway does for an instance, in C++ terms. See also timer.hpp, http.hpp, fd.hpp.
//
// A plugin's class gets one in its constructor and may copy it freely: it is a handle. Methods
// carry the thread tags of abi/host.h.
#pragma once

#include <heliograph/abi/abi.h>

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include <heliograph/text.hpp>
#include <heliograph/time.hpp>

namespace heliograph::sdk {

namespace detail {

// What all handles of one instance share; owned by the glue, outlives the plugin's class.
struct HostState {
  const hg_host* raw = nullptr;
  // Set when destroy() begins: [loop] services are over (rule R5), the host drops what is left
  // (R8).
  bool closing = false;
};

}  // namespace detail

// One key and value of a log line or label. Numbers are written into the field itself.
class Field {
 public:
  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, const char* value) : Field(key, std::string_view(value)) {}
  template <std::integral T>
  Field(std::string_view key, T value) : key_(key) {
    digits_length_ = static_cast<std::size_t>(
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr - digits_.data());
  }
  Field(std::string_view key, bool value) : Field(key, value ? "true" : "false") {}

  // A view into this field.
  hg_kv to_abi() const noexcept {
    const std::string_view value =
        digits_length_ > 0 ? std::string_view(digits_.data(), digits_length_) : value_;
    return {sdk::to_abi(key_), sdk::to_abi(value)};
  }

 private:
  std::string_view key_;
  std::string_view value_;
  std::array<char, 24> digits_{};
  std::size_t digits_length_ = 0;
};

using Fields = std::initializer_list<Field>;

// A metric of this instance. [any] A default one does nothing.
class Metric {
 public:
  Metric() = default;
  Metric(const hg_host* host, uint32_t id) : host_(host), id_(id) {}
  // Counter += value, gauge = value, histogram observes value.
  void add(double value = 1) const noexcept {
    if (host_ != nullptr) host_->metric_add(host_, id_, value);
  }

 private:
  const hg_host* host_ = nullptr;
  uint32_t id_ = 0;
};

class Host {
 public:
  // More fields than these of one line are left out.
  static constexpr std::size_t kFieldsMax = 16;

  explicit Host(detail::HostState& state) : state_(&state) {}

  const hg_host* raw() const noexcept { return state_->raw; }
  detail::HostState& state() const noexcept { return *state_; }
  std::string_view instance() const noexcept { return to_view(raw()->instance); }

  // [any] Log lines: error = somebody must act, warn = degraded but handled, info = life cycle,
  // debug = per message. Never personal data, never secrets.
  void error(std::string_view text, Fields fields = {}) const { log(HG_LOG_ERROR, text, fields); }
  void warn(std::string_view text, Fields fields = {}) const { log(HG_LOG_WARN, text, fields); }
  void info(std::string_view text, Fields fields = {}) const { log(HG_LOG_INFO, text, fields); }
  void debug(std::string_view text, Fields fields = {}) const { log(HG_LOG_DEBUG, text, fields); }

  void log(uint32_t level, std::string_view text, Fields fields = {}) const {
    if (raw()->log_enabled(raw(), level) == 0) return;
    std::array<hg_kv, kFieldsMax> list{};
    std::size_t count = 0;
    for (const Field& field : fields) {
      if (count < list.size()) list[count++] = field.to_abi();
    }
    raw()->log(raw(), level, to_abi(text), list.data(), count);
  }

  // [ctl] In the constructor of the plugin's class only.
  Metric counter(std::string_view name, std::string_view help, Fields labels = {}) const {
    return metric(HG_METRIC_COUNTER, name, help, {}, labels);
  }
  Metric gauge(std::string_view name, std::string_view help, Fields labels = {}) const {
    return metric(HG_METRIC_GAUGE, name, help, {}, labels);
  }
  Metric histogram(std::string_view name, std::string_view help, std::string_view unit,
                   Fields labels = {}) const {
    return metric(HG_METRIC_HISTOGRAM, name, help, unit, labels);
  }

  // [any]
  MonoTime now() const noexcept { return to_mono(raw()->now_mono_ns(raw())); }
  std::chrono::nanoseconds unix_time() const noexcept {
    return std::chrono::nanoseconds{raw()->now_unix_ns(raw())};
  }

  // [any] How many sends may be in flight; 0 pauses.
  void set_window(uint32_t max_in_flight) const noexcept {
    raw()->set_window(raw(), max_in_flight);
  }

  // [any] Runs `work` later on the instance's strand, in the order of posting. False: the instance
  // has stopped and `work` was dropped.
  template <std::invocable F>
  bool post(F work) const {
    struct Posted {
      Host host;
      F work;
      static void run(void* arg, uint64_t) noexcept {
        const std::unique_ptr<Posted> self(static_cast<Posted*>(arg));
        self->host.guard("a posted function", [&] { self->work(); });
      }
    };
    auto posted = std::make_unique<Posted>(Posted{*this, std::move(work)});
    if (raw()->post(raw(), &Posted::run, posted.get(), 0) != HG_OK) return false;
    static_cast<void>(posted.release());
    return true;
  }

  // [any] A host side extension, null when this gateway has none of that name.
  template <typename T>
  const T* extension(const char* id) const {
    return static_cast<const T*>(raw()->get_extension(raw(), id));
  }

  // The same, for an extension the plugin cannot do without: throws Failure(HG_E_UNSUPPORTED).
  template <typename T>
  const T& required_extension(const char* id) const {
    if (const T* found = extension<T>(id)) return *found;
    throw Failure(HG_E_UNSUPPORTED, std::string("this gateway does not offer ") + id);
  }

  // Runs `work` where an exception has nobody to go to (a callback): it is logged and ends there.
  // False when there was one.
  template <typename F>
  bool guard(std::string_view where, F&& work) const noexcept {
    try {
      std::forward<F>(work)();
      return true;
    } catch (const std::exception& e) {
      report(where, e.what());
    } catch (...) {
      report(where, "an exception of unknown type");
    }
    return false;
  }

 private:
  Metric metric(uint32_t kind, std::string_view name, std::string_view help, std::string_view unit,
                Fields labels) const {
    std::array<hg_kv, kFieldsMax> list{};
    std::size_t count = 0;
    for (const Field& label : labels) {
      if (count < list.size()) list[count++] = label.to_abi();
    }
    const uint32_t id = raw()->metric_register(raw(), kind, to_abi(name), to_abi(help),
                                               to_abi(unit), list.data(), count);
    return {raw(), id};
  }

  void report(std::string_view where, std::string_view what) const noexcept {
    const std::array<hg_kv, 2> fields{hg_kv{HG_STR("where"), to_abi(where)},
                                      hg_kv{HG_STR("exception"), to_abi(what)}};
    raw()->log(raw(), HG_LOG_ERROR, HG_STR("the plugin let an exception escape"), fields.data(),
               fields.size());
  }

  detail::HostState* state_;
};

}  // namespace heliograph::sdk
