#include "core/http/client_exchange.h"

#include <utility>

#include "core/base/assert.h"

namespace heliograph::http {
namespace {

constexpr int kSlotBits = 24;
constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
// What one large request leaves behind is given back beyond this.
constexpr std::size_t kKeptWire = 64 * 1024;
static_assert(ExchangeTable::kSizeMax <= kSlotMask);

}  // namespace

Exchange& ExchangeTable::take() {
  if (free_.empty()) {
    HG_ASSERT(all_.size() < kSizeMax);
    free_.push_back(static_cast<std::uint32_t>(all_.size()));
    all_.push_back(std::make_unique<Exchange>());
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Exchange& exchange = *all_[slot];
  exchange.id = (++last_serial_ << kSlotBits) | slot;
  exchange.connection = nullptr;
  exchange.replaced = false;
  exchange.progress_of_first = ports::HttpProgress::kNotConnected;
  exchange.response = {};
  ++open_;
  return exchange;
}

void ExchangeTable::give_back(Exchange& exchange) {
  HG_ASSERT(exchange.id != 0 && !exchange.is_linked());
  free_.push_back(static_cast<std::uint32_t>(exchange.id & kSlotMask));
  exchange.id = 0;
  exchange.connection = nullptr;
  if (exchange.wire.capacity() > kKeptWire) std::string().swap(exchange.wire);
  --open_;
}

Exchange* ExchangeTable::find(ports::HttpClient::Id id) const {
  const std::size_t slot = id & kSlotMask;
  if (id == 0 || slot >= all_.size() || all_[slot]->id != id) return nullptr;
  return all_[slot].get();
}

void ExchangeTable::clear() {
  // Moved away first, because what a `done` holds may come back here when it is destroyed.
  const auto all = std::exchange(all_, {});
  free_.clear();
  open_ = 0;
}

}  // namespace heliograph::http
