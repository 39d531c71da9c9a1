// FdWatch: readiness of a descriptor that the plugin owns (hg.fd/1).
//
// One watch for one descriptor; the plugin makes it non-blocking and calls close() before it closes
// the descriptor. Threads as Timer's.
//
//   sdk::FdWatch watch_{host, [this](std::uint32_t ready) { on_ready(ready); }};
//   watch_.open(fd, HG_FD_READ);
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/fd.h>

#include <cstdint>
#include <functional>
#include <utility>

#include <heliograph/host.hpp>

namespace heliograph::sdk {

class FdWatch {
 public:
  // `on_ready` gets HG_FD_* bits; it may close() this watch but not destroy it. Throws Failure when
  // the gateway lacks the extension.
  FdWatch(Host host, std::function<void(std::uint32_t)> on_ready)
      : host_(host),
        fd_(&host.required_extension<hg_fd>(HG_EXT_FD)),
        on_ready_(std::move(on_ready)) {}
  ~FdWatch() { close(); }
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  // HG_OK, HG_E_STATE (watched already, by anyone) or HG_E_IO (cannot be polled). Level-triggered.
  hg_status open(int fd, std::uint32_t interest) {
    if (id_ != 0) return HG_E_STATE;
    return fd_->watch(host_.raw(), fd, interest, &FdWatch::run, this, 0, &id_);
  }

  // HG_FD_READ, HG_FD_WRITE, both, or 0 to pause.
  hg_status set_interest(std::uint32_t interest) {
    return id_ == 0 ? HG_E_STALE : fd_->interest(host_.raw(), id_, interest);
  }

  void close() noexcept {
    if (id_ != 0 && !host_.state().closing) fd_->unwatch(host_.raw(), id_);
    id_ = 0;
  }

 private:
  static void run(void* arg, uint64_t, uint32_t ready) noexcept {
    FdWatch* self = static_cast<FdWatch*>(arg);
    self->host_.guard("a descriptor's callback", [&] { self->on_ready_(ready); });
  }

  Host host_;
  const hg_fd* fd_;
  std::function<void(std::uint32_t)> on_ready_;
  hg_id id_ = 0;
};

}  // namespace heliograph::sdk
