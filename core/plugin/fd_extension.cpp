#include "core/plugin/fd_extension.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <unordered_map>

#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

constexpr std::uint32_t kAsked = HG_FD_READ | HG_FD_WRITE;

// One watched descriptor. The waits of Asio fire once; `armed` says which are out.
struct Watch {
  Watch(boost::asio::io_context& io, std::int32_t number) : descriptor(io), fd(number) {}
  ~Watch() {
    if (descriptor.is_open()) descriptor.release();  // the plugin's: never closed here
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Descriptor descriptor;
  const std::int32_t fd;
  hg_fd_fn fn = nullptr;
  void* arg = nullptr;
  std::uint64_t tag = 0;
  std::uint32_t interest = 0;
  std::uint32_t armed = 0;
  bool error_told = false;  // a paused watch hears of a hang-up once, not for ever
};

// Asio takes plain files, which epoll does not, and would never report them.
bool can_be_polled(std::int32_t fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

std::uint32_t ready_bits(const Watch& watch) {
  pollfd asked{.fd = watch.fd, .events = 0, .revents = 0};
  if ((watch.interest & HG_FD_READ) != 0) asked.events |= POLLIN;
  if ((watch.interest & HG_FD_WRITE) != 0) asked.events |= POLLOUT;
  if (::poll(&asked, 1, 0) <= 0) return 0;
  std::uint32_t ready = 0;
  if ((asked.revents & POLLIN) != 0) ready |= HG_FD_READ;
  if ((asked.revents & POLLOUT) != 0) ready |= HG_FD_WRITE;
  if ((asked.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) ready |= HG_FD_ERROR;
  return ready;
}

Descriptor::wait_type wait_of(std::uint32_t bit) {
  if (bit == HG_FD_READ) return Descriptor::wait_read;
  return bit == HG_FD_WRITE ? Descriptor::wait_write : Descriptor::wait_error;
}

Instance& of(const hg_host* host) { return *static_cast<Instance*>(host->priv); }

constexpr hg_fd kTable{
    .size = sizeof(hg_fd),
    .reserved = 0,
    .watch = [](const hg_host* host, std::int32_t fd, std::uint32_t interest, hg_fd_fn fn,
                void* arg, std::uint64_t tag, hg_id* id) -> hg_status {
      auto& instance = of(host);
      if (!instance.allows_loop_function("hg.fd/1 watch")) return HG_E_STATE;
      return instance.descriptors().watch(fd, interest, fn, arg, tag, id);
    },
    .interest = [](const hg_host* host, hg_id id, std::uint32_t interest) -> hg_status {
      auto& instance = of(host);
      if (!instance.allows_loop_function("hg.fd/1 interest")) return HG_E_STATE;
      return instance.descriptors().set_interest(id, interest);
    },
    .unwatch = [](const hg_host* host, hg_id id) -> hg_status {
      auto& instance = of(host);
      if (!instance.allows_loop_function("hg.fd/1 unwatch")) return HG_E_STATE;
      return instance.descriptors().unwatch(id);
    }};

}  // namespace

struct FdExtension::Watches {
  explicit Watches(Instance& owner) : instance(owner) {}

  void arm(hg_id id, Watch& watch, std::uint32_t bit) {
    if ((watch.armed & bit) != 0) return;
    watch.armed |= bit;
    watch.descriptor.async_wait(wait_of(bit), [this, id, bit, alive = instance.weak_from_this()](
                                                  const boost::system::error_code& error) {
      const auto owner = alive.lock();
      if (!owner || error == boost::asio::error::operation_aborted) return;
      owner->on_strand("fd", [this, id, bit] { fired(id, bit); });
    });
  }

  void arm_all(hg_id id, Watch& watch) {
    for (const auto bit : {HG_FD_READ, HG_FD_WRITE}) {
      if ((watch.interest & bit) != 0) arm(id, watch, bit);
    }
    if (!watch.error_told) arm(id, watch, HG_FD_ERROR);
  }

  void fired(hg_id id, std::uint32_t bit) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) return;
    const auto watch = found->second;  // stays alive when fn() unwatches it
    watch->armed &= ~bit;
    const auto ready = ready_bits(*watch);
    const auto news = ready != 0 && !(ready == HG_FD_ERROR && watch->error_told);
    if ((ready & HG_FD_ERROR) != 0) watch->error_told = true;
    if (news || (watch->interest != 0 && ready != 0)) watch->fn(watch->arg, watch->tag, ready);
    if (by_id.contains(id)) arm_all(id, *watch);
  }

  Instance& instance;
  std::unordered_map<hg_id, std::shared_ptr<Watch>> by_id;
  hg_id last_id = 0;
};

FdExtension::FdExtension(Instance& instance)
    : instance_(instance), watches_(std::make_unique<Watches>(instance)) {}
FdExtension::~FdExtension() = default;

const hg_fd* FdExtension::table() const {
  return instance_.services().io == nullptr ? nullptr : &kTable;
}

void FdExtension::drop_all() { watches_->by_id.clear(); }

hg_status FdExtension::watch(std::int32_t fd, std::uint32_t interest, hg_fd_fn fn, void* arg,
                             std::uint64_t tag, hg_id* id) {
  if (fn == nullptr || fd < 0 || (interest & ~kAsked) != 0) return HG_E_CONFIG;
  if (!instance_.takes_callbacks()) return HG_E_STATE;
  const auto same = [fd](const auto& entry) { return entry.second->fd == fd; };
  if (std::ranges::any_of(watches_->by_id, same)) return HG_E_STATE;
  if (!can_be_polled(fd)) return HG_E_IO;
  auto watch = std::make_shared<Watch>(*instance_.services().io, fd);
  boost::system::error_code error;
  watch->descriptor.assign(fd, error);
  if (error) return HG_E_IO;
  watch->fn = fn;
  watch->arg = arg;
  watch->tag = tag;
  watch->interest = interest;
  const auto mine = ++watches_->last_id;
  watches_->by_id.emplace(mine, watch);
  watches_->arm_all(mine, *watch);
  if (id != nullptr) *id = mine;
  return HG_OK;
}

hg_status FdExtension::set_interest(hg_id id, std::uint32_t interest) {
  if ((interest & ~kAsked) != 0) return HG_E_CONFIG;
  const auto found = watches_->by_id.find(id);
  if (found == watches_->by_id.end()) return HG_E_STALE;
  auto& watch = *found->second;
  watch.interest = interest;
  watch.error_told = false;
  watches_->arm_all(id, watch);
  return HG_OK;
}

hg_status FdExtension::unwatch(hg_id id) {
  const auto found = watches_->by_id.find(id);
  if (found == watches_->by_id.end()) return HG_E_STALE;
  found->second->descriptor.release();
  watches_->by_id.erase(found);
  return HG_OK;
}

}  // namespace heliograph::plugin
