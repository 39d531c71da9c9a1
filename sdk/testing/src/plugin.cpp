#include <heliograph/testing/plugin.hpp>

#include <dlfcn.h>

#include <stdexcept>

#include <heliograph/testing/records.hpp>
#include <heliograph/text.hpp>

namespace heliograph::sdk::testing {
namespace {

void require(bool condition, const std::string& text) {
  if (!condition) throw std::runtime_error(text);
}

void check_vtable(const hg_component& component, const std::string& name) {
  require(component.vtbl != nullptr, name + " has no vtable");
  if (component.kind == HG_KIND_PROVIDER) {
    const auto& provider = *static_cast<const hg_provider*>(component.vtbl);
    require(provider.caps != nullptr && provider.send != nullptr, name + " needs caps and send");
  } else if (component.kind == HG_KIND_DISTRIBUTOR) {
    const auto& distributor = *static_cast<const hg_distributor*>(component.vtbl);
    require(distributor.on_candidates != nullptr && distributor.pick != nullptr,
            name + " needs on_candidates and pick");
  } else if (component.kind == HG_KIND_LIMITER) {
    const auto& limiter = *static_cast<const hg_limiter*>(component.vtbl);
    require(limiter.on_rules != nullptr && limiter.acquire != nullptr,
            name + " needs on_rules and acquire");
  } else {
    require(false, name + " is of an unknown kind");
  }
}

void check_component(const hg_component& component) {
  const std::string name = "component '" + copy_text(component.id) + "'";
  require(component.id.len > 0 && component.version.len > 0 && component.summary.len > 0,
          name + " lacks an id, a version or a summary");
  require(component.config_schema.len > 0, name + " has no configuration schema");
  require(component.life != nullptr && component.life->create != nullptr &&
              component.life->destroy != nullptr,
          name + " needs create and destroy");
  check_vtable(component, name);
}

const hg_module* checked(hg_entry_fn entry) {
  hg_host_info info{};
  info.size = sizeof(info);
  info.abi_major = HG_ABI_MAJOR;
  info.abi_minor = HG_ABI_MINOR;
  info.name = HG_STR("fake host");
  info.version = HG_STR(HG_ABI_VERSION);
  hg_error error{};
  error.size = sizeof(error);
  const hg_module* module = entry(&info, &error);
  require(module != nullptr, "the plugin refused: " + std::string(error.msg, error.msg_len));
  require(module == entry(&info, nullptr), "the entry must return the same module each time");
  require(module->abi_major == HG_ABI_MAJOR && module->abi_minor_required <= HG_ABI_MINOR,
          "the module needs another ABI");
  require(module->name.len > 0 && module->version.len > 0, "the module lacks a name or a version");
  require(module->n_components > 0, "the module has no components");
  for (size_t i = 0; i < module->n_components; ++i) check_component(*module->components[i]);
  return module;
}

hg_entry_fn load(const std::string& path) {
  // Never unloaded, as in the gateway: code of a plugin must not vanish under its threads.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  require(library != nullptr, "cannot load: " + std::string(library == nullptr ? dlerror() : ""));
  void* symbol = dlsym(library, HG_ENTRY_SYMBOL);
  require(symbol != nullptr, path + " does not export " HG_ENTRY_SYMBOL);
  return reinterpret_cast<hg_entry_fn>(symbol);
}

}  // namespace

Plugin::Plugin(hg_entry_fn function) : entry_(function), module_(checked(function)) {}

Plugin::Plugin(const std::string& path) : Plugin(load(path)) {}

const hg_component& Plugin::component(std::string_view id) const {
  for (size_t i = 0; i < module_->n_components; ++i) {
    if (to_view(module_->components[i]->id) == id) return *module_->components[i];
  }
  throw std::out_of_range("no component '" + std::string(id) + "' in this plugin");
}

}  // namespace heliograph::sdk::testing
