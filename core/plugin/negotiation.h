// Negotiation: reading what a module says about itself, and refusing in words what this gateway
// cannot run.
//
// Versions: the major is in the name of the entry symbol and must be ours; the module runs when the
// oldest minor it needs is not above ours. Structs may be shorter than ours (an older SDK) or
// longer (a newer one). Pure; thread-safe.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace heliograph::plugin {

struct ComponentInfo {
  std::uint32_t kind = 0;  // HG_KIND_*
  std::uint32_t flags = 0;
  std::string id;
  std::string version;
  std::string summary;
  std::string schema;                        // JSON text
  const hg_component* descriptor = nullptr;  // the plugin's, for create()
  const hg_lifecycle* life = nullptr;        // the plugin's
  const void* vtable = nullptr;              // the plugin's
};

struct ModuleInfo {
  std::string name;
  std::string version;
  std::string vendor;
  std::string license;
  std::string sdk;
  std::uint32_t minor_built = 0;
  std::uint32_t minor_required = 0;
  hg_status (*init)(const hg_host_info*, hg_error*) = nullptr;
  void (*fini)() = nullptr;
  std::vector<ComponentInfo> components;
  std::vector<std::string> warnings;  // kinds that this gateway does not know were skipped

  // nullptr: the module has no such component.
  const ComponentInfo* find(std::uint32_t kind, const std::string& id) const;
};

// `host_minor`: what this gateway speaks; a parameter so that tests can be another gateway.
// Strings are copied; pointers into the module stay valid as long as it is mapped.
std::expected<ModuleInfo, std::string> read_module_info(const hg_module* module,
                                                        std::uint32_t host_minor = HG_ABI_MINOR);

}  // namespace heliograph::plugin
