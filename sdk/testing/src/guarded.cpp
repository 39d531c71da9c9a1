#include <heliograph/testing/guarded.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace heliograph::sdk::testing {

static_assert(GuardedHost::kBytes == 208, "the size of hg_host in the golden file of 1.0");

GuardedHost::GuardedHost(const hg_host& host)
    : page_size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  pages_ =
      mmap(nullptr, 2 * page_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  char* fence = static_cast<char*>(pages_) + page_size_;
  if (mprotect(fence, page_size_, PROT_NONE) != 0) {
    munmap(pages_, 2 * page_size_);
    throw std::system_error(errno, std::generic_category(), "mprotect");
  }
  hg_host first = host;
  first.size = kBytes;
  first.abi_minor = 0;
  std::memcpy(fence - kBytes, &first, kBytes);
  host_ = reinterpret_cast<const hg_host*>(fence - kBytes);
}

GuardedHost::~GuardedHost() { munmap(pages_, 2 * page_size_); }

}  // namespace heliograph::sdk::testing
