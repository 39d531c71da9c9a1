// hg.fd/1 for one instance: readiness of descriptors that the plugin owns, told on its strand.
//
// The descriptor is lent to Asio's reactor and taken back before the plugin may close it; it is
// never closed here. Everything on the strand; the reactor itself may be used from any thread.
#pragma once

#include <heliograph/abi/ext/fd.h>

#include <memory>

namespace heliograph::plugin {

class Instance;

class FdExtension {
 public:
  explicit FdExtension(Instance& instance);
  ~FdExtension();
  FdExtension(const FdExtension&) = delete;
  FdExtension& operator=(const FdExtension&) = delete;

  // [any] What get_extension() returns; nullptr when the host has no reactor.
  const hg_fd* table() const;
  // Takes every descriptor back; no callback follows.
  void drop_all();

  hg_status watch(std::int32_t fd, std::uint32_t interest, hg_fd_fn fn, void* arg,
                  std::uint64_t tag, hg_id* id);
  hg_status set_interest(hg_id id, std::uint32_t interest);
  hg_status unwatch(hg_id id);

 private:
  struct Watches;
  Instance& instance_;
  std::unique_ptr<Watches> watches_;
};

}  // namespace heliograph::plugin
