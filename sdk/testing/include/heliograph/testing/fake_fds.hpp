// FakeFds: hg.fd/1 over poll(2), on real descriptors. Used by the test's thread only.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/fd.h>

#include <chrono>
#include <cstdint>
#include <map>

namespace heliograph::sdk::testing {

class FakeHost;

class FakeFds {
 public:
  explicit FakeFds(FakeHost& host);
  ~FakeFds();
  FakeFds(const FakeFds&) = delete;
  FakeFds& operator=(const FakeFds&) = delete;

  // Waits in real time until a watched descriptor is ready or wake() was called, at most `timeout`;
  // calls back for what is ready. False: nothing happened.
  bool poll(std::chrono::milliseconds timeout);
  // [any thread] Ends a poll().
  void wake();

  std::size_t watched() const { return watches_.size(); }
  void clear() { watches_.clear(); }

  static const hg_fd* extension();

 private:
  struct Watch {
    int fd;
    std::uint32_t interest;
    hg_fd_fn fn;
    void* arg;
    std::uint64_t tag;
  };

  static hg_status on_watch(const hg_host* raw, int32_t fd, uint32_t interest, hg_fd_fn fn,
                            void* arg, uint64_t tag, hg_id* id);
  static hg_status on_interest(const hg_host* raw, hg_id id, uint32_t interest);
  static hg_status on_unwatch(const hg_host* raw, hg_id id);

  FakeHost& host_;
  int wake_fd_;
  hg_id last_id_ = 0;
  std::map<hg_id, Watch> watches_;
};

}  // namespace heliograph::sdk::testing
