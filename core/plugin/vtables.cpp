#include "core/plugin/vtables.h"

#include <fmt/format.h>

#include "core/plugin/abi_text.h"
#include "core/plugin/module_files.h"

namespace heliograph::plugin {
namespace {

hg_status start_nothing(hg_instance*, hg_op, std::uint64_t, hg_error*) { return HG_OK; }
const void* no_extension(hg_instance*, const char*) { return nullptr; }
void cancel_nothing(hg_instance*, hg_op, hg_status) {}
void hear_nothing(hg_instance*, std::uint64_t, std::uint64_t, std::uint32_t, std::uint64_t) {}
void refund_nothing(hg_instance*, std::uint64_t, const hg_limit_key*, std::size_t, std::uint32_t) {}
void cancel_no_acquire(hg_instance*, hg_op) {}

std::unexpected<std::string> missing(const ComponentInfo& component, std::string_view slot) {
  return std::unexpected(fmt::format("{} '{}' lacks the required function {}",
                                     kind_name(component.kind), component.id, slot));
}

std::unexpected<std::string> impossible(const ComponentInfo& component, std::string_view table) {
  return std::unexpected(fmt::format("{} '{}': its table {} has an impossible size",
                                     kind_name(component.kind), component.id, table));
}

// Every table begins with size and a reserved word.
constexpr std::size_t kTableSizeMin = 2 * sizeof(std::uint32_t);

}  // namespace

std::expected<hg_lifecycle, std::string> lifecycle_of(const ComponentInfo& component) {
  if (!plausible_size(component.life->size, kTableSizeMin)) {
    return impossible(component, "hg_lifecycle");
  }
  auto table = copy_sized(component.life);
  if (table.create == nullptr) return missing(component, "create");
  if (table.destroy == nullptr) return missing(component, "destroy");
  if (table.start == nullptr) table.start = start_nothing;
  if (table.get_extension == nullptr) table.get_extension = no_extension;
  return table;
}

std::expected<hg_provider, std::string> provider_of(const ComponentInfo& component) {
  const auto* filled = static_cast<const hg_provider*>(component.vtable);
  if (!plausible_size(filled->size, kTableSizeMin)) return impossible(component, "hg_provider");
  auto table = copy_sized(filled);
  if (table.caps == nullptr) return missing(component, "caps");
  if (table.send == nullptr) return missing(component, "send");
  if (table.cancel == nullptr) table.cancel = cancel_nothing;
  return table;
}

std::expected<hg_distributor, std::string> distributor_of(const ComponentInfo& component) {
  const auto* filled = static_cast<const hg_distributor*>(component.vtable);
  if (!plausible_size(filled->size, kTableSizeMin)) return impossible(component, "hg_distributor");
  auto table = copy_sized(filled);
  if (table.on_candidates == nullptr) return missing(component, "on_candidates");
  if (table.pick == nullptr) return missing(component, "pick");
  if (table.on_result == nullptr) table.on_result = hear_nothing;
  return table;
}

std::expected<hg_limiter, std::string> limiter_of(const ComponentInfo& component) {
  const auto* filled = static_cast<const hg_limiter*>(component.vtable);
  if (!plausible_size(filled->size, kTableSizeMin)) return impossible(component, "hg_limiter");
  auto table = copy_sized(filled);
  if (table.on_rules == nullptr) return missing(component, "on_rules");
  if (table.acquire == nullptr) return missing(component, "acquire");
  if (table.refund == nullptr) table.refund = refund_nothing;
  if (table.cancel == nullptr) table.cancel = cancel_no_acquire;
  return table;
}

std::expected<void, std::string> check_vtables(const ComponentInfo& component) {
  if (auto life = lifecycle_of(component); !life) return std::unexpected(life.error());
  const auto verdict = [](const auto& table) -> std::expected<void, std::string> {
    if (!table) return std::unexpected(table.error());
    return {};
  };
  switch (component.kind) {
    case HG_KIND_PROVIDER:
      return verdict(provider_of(component));
    case HG_KIND_DISTRIBUTOR:
      return verdict(distributor_of(component));
    default:
      return verdict(limiter_of(component));
  }
}

}  // namespace heliograph::plugin
