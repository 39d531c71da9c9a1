#include <heliograph/testing/fake_fds.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include <heliograph/testing/fake_host.hpp>

namespace heliograph::sdk::testing {
namespace {

short to_poll(std::uint32_t interest) {
  return static_cast<short>(((interest & HG_FD_READ) != 0 ? POLLIN : 0) |
                            ((interest & HG_FD_WRITE) != 0 ? POLLOUT : 0));
}

std::uint32_t from_poll(short events) {
  return ((events & POLLIN) != 0 ? HG_FD_READ : 0u) | ((events & POLLOUT) != 0 ? HG_FD_WRITE : 0u) |
         ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? HG_FD_ERROR : 0u);
}

bool can_be_polled(int fd) {
  struct stat info{};
  return fstat(fd, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

}  // namespace

FakeFds::FakeFds(FakeHost& host) : host_(host), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

FakeFds::~FakeFds() { close(wake_fd_); }

void FakeFds::wake() {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the poll ends anyway.
  if (write(wake_fd_, &one, sizeof(one)) < 0) return;
}

bool FakeFds::poll(std::chrono::milliseconds timeout) {
  std::vector<pollfd> list{{wake_fd_, POLLIN, 0}};
  std::vector<hg_id> ids{0};
  for (const auto& [id, watch] : watches_) {
    list.push_back({watch.fd, to_poll(watch.interest), 0});
    ids.push_back(id);
  }
  const int ready = ::poll(list.data(), list.size(), static_cast<int>(timeout.count()));
  if (ready <= 0) return false;
  std::uint64_t count = 0;
  if (list[0].revents != 0 && read(wake_fd_, &count, sizeof(count)) < 0) count = 0;
  for (std::size_t i = 1; i < list.size(); ++i) {
    const auto found = watches_.find(ids[i]);  // an earlier callback may have ended this watch
    if (list[i].revents == 0 || found == watches_.end()) continue;
    const Watch watch = found->second;
    host_.in_loop([&] { watch.fn(watch.arg, watch.tag, from_poll(list[i].revents)); });
  }
  return true;
}

const hg_fd* FakeFds::extension() {
  static constexpr hg_fd kFd{sizeof(hg_fd), 0, &FakeFds::on_watch, &FakeFds::on_interest,
                             &FakeFds::on_unwatch};
  return &kFd;
}

hg_status FakeFds::on_watch(const hg_host* raw, int32_t fd, uint32_t interest, hg_fd_fn fn,
                            void* arg, uint64_t tag, hg_id* id) {
  FakeHost& host = FakeHost::of(raw);
  if (!host.require_loop("hg.fd/1 watch")) return HG_E_STATE;
  if (!can_be_polled(fd)) return HG_E_IO;
  FakeFds& fds = host.fds();
  for (const auto& [other, watch] : fds.watches_) {
    if (watch.fd == fd) return HG_E_STATE;
  }
  fds.watches_.emplace(++fds.last_id_, Watch{fd, interest, fn, arg, tag});
  if (id != nullptr) *id = fds.last_id_;
  return HG_OK;
}

hg_status FakeFds::on_interest(const hg_host* raw, hg_id id, uint32_t interest) {
  FakeHost& host = FakeHost::of(raw);
  if (!host.require_loop("hg.fd/1 interest")) return HG_E_STATE;
  const auto found = host.fds().watches_.find(id);
  if (found == host.fds().watches_.end()) return HG_E_STALE;
  found->second.interest = interest;
  return HG_OK;
}

hg_status FakeFds::on_unwatch(const hg_host* raw, hg_id id) {
  FakeHost& host = FakeHost::of(raw);
  if (!host.require_loop("hg.fd/1 unwatch")) return HG_E_STATE;
  return host.fds().watches_.erase(id) > 0 ? HG_OK : HG_E_STALE;
}

}  // namespace heliograph::sdk::testing
