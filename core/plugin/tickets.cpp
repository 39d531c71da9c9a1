#include "core/plugin/tickets.h"

namespace heliograph::plugin {
namespace {

// owner 16 | generation 26 | slot 22. Generations begin at 1, so that no op is 0.
constexpr unsigned kSlotBits = 22;
constexpr unsigned kGenerationBits = 26;
// A slot rests until this many others were given back after it: so long, a completion of its last
// op is known to be the second one.
constexpr std::size_t kFreeMin = 1024;
constexpr std::uint32_t kSlotMask = (1U << kSlotBits) - 1;
constexpr std::uint32_t kGenerationMask = (1U << kGenerationBits) - 1;

std::uint32_t slot_of(hg_op op) { return static_cast<std::uint32_t>(op) & kSlotMask; }
std::uint32_t generation_of(hg_op op) {
  return static_cast<std::uint32_t>(op >> kSlotBits) & kGenerationMask;
}
std::uint16_t owner_of(hg_op op) {
  return static_cast<std::uint16_t>(op >> (kSlotBits + kGenerationBits));
}
std::uint32_t next_generation(std::uint32_t generation) {
  return generation == kGenerationMask ? 1 : generation + 1;
}

}  // namespace

hg_op TicketTable::issue(TicketKind kind) {
  const std::lock_guard lock(mutex_);
  if (free_.empty() && slots_.size() > kSlotMask) return 0;
  auto index = static_cast<std::uint32_t>(slots_.size());
  if (free_.size() < kFreeMin && slots_.size() <= kSlotMask) {
    slots_.emplace_back();
  } else {
    index = free_.front();
    free_.pop_front();
  }
  auto& slot = slots_[index];
  slot.kind = kind;
  slot.given_up = false;
  return (std::uint64_t{owner_} << (kSlotBits + kGenerationBits)) |
         (std::uint64_t{slot.generation} << kSlotBits) | index;
}

TicketTable::Slot* TicketTable::find(hg_op op) {
  if (owner_of(op) != owner_ || slot_of(op) >= slots_.size()) return nullptr;
  auto& slot = slots_[slot_of(op)];
  return slot.kind != TicketKind::kNone && slot.generation == generation_of(op) ? &slot : nullptr;
}

void TicketTable::release(hg_op op, Slot& slot) {
  slot.generation = next_generation(slot.generation);
  slot.kind = TicketKind::kNone;
  free_.push_back(slot_of(op));
}

Completion TicketTable::complete(hg_op op, TicketKind kind) {
  const std::lock_guard lock(mutex_);
  if (owner_of(op) != owner_) return op == 0 ? Completion::kStale : Completion::kForeign;
  auto* slot = find(op);
  if (slot == nullptr) {
    const auto known = slot_of(op) < slots_.size();
    const auto just_before =
        known && next_generation(generation_of(op)) == slots_[slot_of(op)].generation;
    return just_before ? Completion::kDouble : Completion::kStale;
  }
  if (slot->kind != kind) return Completion::kWrongKind;
  const auto late = slot->given_up;
  release(op, *slot);
  return late ? Completion::kLate : Completion::kFirst;
}

bool TicketTable::give_up(hg_op op) {
  const std::lock_guard lock(mutex_);
  auto* slot = find(op);
  if (slot == nullptr) return false;
  slot->given_up = true;
  return true;
}

bool TicketTable::revoke(hg_op op) {
  const std::lock_guard lock(mutex_);
  auto* slot = find(op);
  if (slot == nullptr) return false;
  release(op, *slot);
  return true;
}

std::size_t TicketTable::outstanding() const {
  const std::lock_guard lock(mutex_);
  return slots_.size() - free_.size();
}

}  // namespace heliograph::plugin
