#include "core/plugin/negotiation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/module_files.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kNameMax = 128;
constexpr std::size_t kTextMax = 1024;
constexpr std::size_t kSchemaMax = 1 << 20;
constexpr std::size_t kComponentsMax = 64;
// Fields that version 1.0 had: a shorter struct was never valid.
constexpr std::size_t kModuleSizeMin = offsetof(hg_module, fini) + sizeof(hg_module::fini);
constexpr std::size_t kComponentSizeMin = offsetof(hg_component, vtbl) + sizeof(hg_component::vtbl);

bool valid_id(std::string_view id) {
  return !id.empty() && id.size() <= kNameMax && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

std::string check_version(const hg_module& module, const std::string& name,
                          std::uint32_t host_minor) {
  if (module.abi_major != HG_ABI_MAJOR) {
    return fmt::format(
        "plugin '{}' speaks ABI {}, this gateway speaks ABI {}. Rebuild it with SDK {}.", name,
        module.abi_major, HG_ABI_MAJOR, HG_ABI_MAJOR);
  }
  if (module.abi_minor_required > host_minor) {
    return fmt::format(
        "plugin '{0}' needs ABI {1}.{2}, this gateway has {1}.{3}. Use a newer gateway or rebuild "
        "with "
        "SDK {1}.{3}.",
        name, HG_ABI_MAJOR, module.abi_minor_required, host_minor);
  }
  return {};
}

ComponentInfo read_component(const hg_component* filled) {
  const auto own = copy_sized(filled);
  return ComponentInfo{.kind = own.kind,
                       .flags = own.flags,
                       .id = clean_text(own.id, kNameMax + 1),
                       .version = clean_text(own.version, kNameMax),
                       .summary = clean_text(own.summary, kTextMax),
                       .schema = std::string{view_of(own.config_schema).substr(0, kSchemaMax)},
                       .descriptor = filled,
                       .life = own.life,
                       .vtable = own.vtbl};
}

// Empty: fine.
std::string check_component(const ComponentInfo& component, const ModuleInfo& module) {
  if (!valid_id(component.id)) {
    return fmt::format("component id '{}' is not made of a-z 0-9 _ . -", component.id);
  }
  const auto what = fmt::format("{} '{}'", kind_name(component.kind), component.id);
  if (component.life == nullptr) return what + " has no lifecycle functions";
  if (component.vtable == nullptr) return what + " has no functions of its kind";
  if (!base::is_utf8(component.schema))
    return what + " has a configuration schema that is not UTF-8";
  if (module.find(component.kind, component.id) != nullptr) return what + " is there twice";
  return {};
}

std::string add_component(const hg_component* filled, ModuleInfo& info) {
  if (filled == nullptr || !plausible_size(filled->size, kComponentSizeMin)) {
    return "a component's descriptor has an impossible size";
  }
  auto component = read_component(filled);
  if (kind_name(component.kind).empty()) {
    info.warnings.push_back(
        fmt::format("component '{}' is of kind {}, which this gateway does not know: skipped",
                    component.id, component.kind));
    return {};
  }
  auto why = check_component(component, info);
  if (why.empty()) info.components.push_back(std::move(component));
  return why;
}

}  // namespace

const ComponentInfo* ModuleInfo::find(std::uint32_t kind, const std::string& id) const {
  const auto found = std::ranges::find_if(components, [&](const ComponentInfo& component) {
    return component.kind == kind && component.id == id;
  });
  return found == components.end() ? nullptr : &*found;
}

std::expected<ModuleInfo, std::string> read_module_info(const hg_module* filled,
                                                        std::uint32_t host_minor) {
  constexpr std::size_t kVersionsEnd = offsetof(hg_module, vendor);
  if (!plausible_size(filled->size, kVersionsEnd)) {
    return std::unexpected("its module descriptor has an impossible size");
  }
  const auto module = copy_sized(filled);
  ModuleInfo info{.name = clean_text(module.name, kNameMax),
                  .version = clean_text(module.version, kNameMax),
                  .vendor = clean_text(module.vendor, kNameMax),
                  .license = clean_text(module.license, kNameMax),
                  .sdk = clean_text(module.sdk, kNameMax),
                  .minor_built = module.abi_minor_built,
                  .minor_required = module.abi_minor_required,
                  .init = module.init,
                  .fini = module.fini,
                  .components = {},
                  .warnings = {}};
  // First, because a newer module may differ in everything else.
  if (auto why = check_version(module, info.name, host_minor); !why.empty()) {
    return std::unexpected(std::move(why));
  }
  const auto fail = [&info](std::string_view why) {
    return std::unexpected(fmt::format("plugin '{}': {}", info.name, why));
  };
  if (filled->size < kModuleSizeMin) return fail("its module descriptor is too short");
  if (info.name.empty()) return std::unexpected("its module descriptor has no name");
  if (module.n_components > kComponentsMax) return fail("it has more than 64 components");
  if (module.n_components > 0 && module.components == nullptr)
    return fail("its components are missing");
  for (std::size_t i = 0; i < module.n_components; ++i) {
    if (auto why = add_component(module.components[i], info); !why.empty()) return fail(why);
  }
  return info;
}

}  // namespace heliograph::plugin
