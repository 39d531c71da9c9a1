#include <heliograph/testing/guarded.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace heliograph::sdk::testing {

static_assert(sizeof(hg_host) < 4096, "must fit into one page");

GuardedHost::GuardedHost() : page_size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  pages_ =
      mmap(nullptr, 2 * page_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  char* fence = static_cast<char*>(pages_) + page_size_;
  if (mprotect(fence, page_size_, PROT_NONE) != 0) {
    munmap(pages_, 2 * page_size_);
    throw std::system_error(errno, std::generic_category(), "mprotect");
  }
  host_ = new (fence - sizeof(hg_host)) hg_host{};
}

GuardedHost::~GuardedHost() { munmap(pages_, 2 * page_size_); }

}  // namespace heliograph::sdk::testing
