// Counts shared between gateways (hg.shared-window/1): for limiters with a backend.
//
// A limiter's class offers it by having
//   void exchange(const sdk::SharedCounts&, sdk::SharedTicket);   [loop] answers now or later
//   void reset_shared(std::string_view key);                      [loop] best effort
// Health of providers goes through it, about once a second: never in the way of a message.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/shared_window.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <heliograph/host.hpp>

namespace heliograph::sdk {

// What one gateway adds and wants to know. A view: lives until its ticket is answered.
class SharedCounts {
 public:
  SharedCounts(std::uint64_t window_ns, std::uint64_t bucket_ns, std::uint64_t deadline_ns,
               const hg_window_item* items, std::size_t n)
      : window_ns_(window_ns),
        bucket_ns_(bucket_ns),
        deadline_ns_(deadline_ns),
        items_(items),
        n_(n) {}

  std::chrono::nanoseconds window() const noexcept { return to_chrono(window_ns_); }
  std::chrono::nanoseconds bucket() const noexcept { return to_chrono(bucket_ns_); }
  MonoTime deadline() const noexcept { return to_mono(deadline_ns_); }
  std::size_t size() const noexcept { return n_; }
  std::string_view key(std::size_t i) const noexcept { return to_view(item(i).key); }
  std::uint64_t ok(std::size_t i) const noexcept { return item(i).add_ok; }
  std::uint64_t failed(std::size_t i) const noexcept { return item(i).add_failed; }

 private:
  static std::chrono::nanoseconds to_chrono(std::uint64_t ns) noexcept {
    return std::chrono::nanoseconds{static_cast<std::int64_t>(ns)};
  }
  const hg_window_item& item(std::size_t i) const noexcept { return *HG_AT(items_, i); }

  std::uint64_t window_ns_;
  std::uint64_t bucket_ns_;
  std::uint64_t deadline_ns_;
  const hg_window_item* items_;
  std::size_t n_;
};

// The duty to answer one exchange, exactly once; destroyed unanswered it answers HG_E_INTERNAL.
// [any thread]
class SharedTicket {
 public:
  SharedTicket(Host host, hg_op op, hg_window_totals* out) : host_(host), op_(op), out_(out) {}
  SharedTicket(SharedTicket&& other) noexcept
      : host_(other.host_), op_(std::exchange(other.op_, 0)), out_(other.out_) {}
  SharedTicket& operator=(SharedTicket&&) = delete;
  ~SharedTicket() { fail(HG_E_INTERNAL); }

  // The totals of item i, the additions included. Before done().
  void set(std::size_t i, std::uint64_t ok, std::uint64_t failed) noexcept {
    if (op_ != 0) out_[i] = {ok, failed};
  }
  void done() noexcept { finish(HG_OK); }
  // HG_E_DEADLINE: the additions may have been made; every other status: they were not.
  void fail(hg_status status) noexcept { finish(status); }

 private:
  void finish(hg_status status) noexcept {
    const hg_op op = std::exchange(op_, 0);
    if (op != 0) host_.raw()->complete(host_.raw(), op, status, nullptr);
  }

  Host host_;
  hg_op op_;
  hg_window_totals* out_;
};

namespace detail {

template <typename T>
concept SharesWindow = requires(T t, const SharedCounts& counts, SharedTicket ticket) {
  t.exchange(counts, std::move(ticket));
  t.reset_shared(std::string_view());
};

}  // namespace detail
}  // namespace heliograph::sdk
