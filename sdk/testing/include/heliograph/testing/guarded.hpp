// GuardedHost: an hg_host that ends exactly where readable memory ends.
//
// A plugin that reads beyond the struct's `size` (a newer plugin in an older gateway) faults at
// once instead of reading whatever lies behind.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstddef>

namespace heliograph::sdk::testing {

class GuardedHost {
 public:
  // Throws std::system_error when there is no memory.
  GuardedHost();
  ~GuardedHost();
  GuardedHost(const GuardedHost&) = delete;
  GuardedHost& operator=(const GuardedHost&) = delete;

  hg_host& get() { return *host_; }
  const hg_host& get() const { return *host_; }

 private:
  void* pages_;
  std::size_t page_size_;
  hg_host* host_;
};

}  // namespace heliograph::sdk::testing
