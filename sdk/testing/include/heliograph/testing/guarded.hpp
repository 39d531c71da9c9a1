// GuardedHost: the hg_host of a gateway of ABI 1.0, ending exactly where readable memory ends.
//
// A plugin that reads beyond the struct's `size` (a newer plugin in an older gateway) faults at
// once instead of reading whatever lies behind. Later minors append to hg_host; this one does not
// grow with them.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstddef>

namespace heliograph::sdk::testing {

class GuardedHost {
 public:
  // Up to the last slot that 1.0 has.
  static constexpr std::size_t kBytes = offsetof(hg_host, cfg_json) + sizeof(hg_host::cfg_json);

  // As much of `host` as a gateway of 1.0 has. Throws std::system_error when there is no memory.
  explicit GuardedHost(const hg_host& host);
  ~GuardedHost();
  GuardedHost(const GuardedHost&) = delete;
  GuardedHost& operator=(const GuardedHost&) = delete;

  const hg_host& get() const { return *host_; }

 private:
  void* pages_;
  std::size_t page_size_;
  const hg_host* host_;
};

}  // namespace heliograph::sdk::testing
