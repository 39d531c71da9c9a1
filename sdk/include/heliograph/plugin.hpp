// HELIOGRAPH_PLUGIN: the one line that makes a library of classes a plugin.
//
//   HELIOGRAPH_PLUGIN(
//       sdk::ModuleInfo{.name = "acme", .version = "1.2.0", .vendor = "Acme", .license = "MIT"},
//       sdk::component<AcmeProvider>({.id = "acme", .summary = "...", .schema = kSchema}))
//
// What a class is (provider, distributor, limiter) follows from its methods; see provider.hpp,
// distributor.hpp, limiter.hpp. The strings must be literals or live as long.
#pragma once

#include <heliograph/abi/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <heliograph/distributor.hpp>
#include <heliograph/limiter.hpp>
#include <heliograph/provider.hpp>
#include <heliograph/text.hpp>

namespace heliograph::sdk {

struct ModuleInfo {
  std::string_view name{};
  std::string_view version{};
  std::string_view vendor{};
  std::string_view license{};            // SPDX expression
  std::uint32_t abi_minor_required = 0;  // the oldest gateway it can run in
};

struct ComponentInfo {
  std::string_view id{};       // what `plugin = "..."` names
  std::string_view version{};  // empty: the module's
  std::string_view summary{};  // one sentence
  std::string_view schema{};   // JSON Schema of the component's configuration, see abi/module.h
  std::uint32_t flags = 0;     // HG_F_*
};

// A class as a component. The compiler says here what a class lacks.
template <typename T>
  requires detail::ProviderClass<T> || detail::DistributorClass<T> || detail::LimiterClass<T>
constexpr hg_component component(const ComponentInfo& info) {
  hg_component made{};
  made.size = sizeof(made);
  made.flags = info.flags;
  made.id = to_abi(info.id);
  made.version = to_abi(info.version);
  made.summary = to_abi(info.summary);
  made.config_schema = to_abi(info.schema);
  made.life = &detail::kLifecycle<T>;
  if constexpr (detail::ProviderClass<T>) {
    made.kind = HG_KIND_PROVIDER;
    made.vtbl = &detail::kProvider<T>;
  } else if constexpr (detail::DistributorClass<T>) {
    made.kind = HG_KIND_DISTRIBUTOR;
    made.vtbl = &detail::kDistributor<T>;
  } else {
    made.kind = HG_KIND_LIMITER;
    made.vtbl = &detail::kLimiter<T>;
  }
  return made;
}

// A module descriptor that owns its list of components; static storage of the entry function.
template <std::size_t N>
class Module {
 public:
  template <typename... Components>
  explicit Module(const ModuleInfo& info, const Components&... components)
      : components_{components...} {
    for (std::size_t i = 0; i < N; ++i) {
      if (components_[i].version.len == 0) components_[i].version = to_abi(info.version);
      list_[i] = &components_[i];
    }
    raw_.size = sizeof(raw_);
    raw_.abi_major = HG_ABI_MAJOR;
    raw_.abi_minor_built = HG_ABI_MINOR;
    raw_.abi_minor_required = info.abi_minor_required;
    raw_.name = to_abi(info.name);
    raw_.version = to_abi(info.version);
    raw_.vendor = to_abi(info.vendor);
    raw_.license = to_abi(info.license);
    raw_.sdk = HG_STR("c++ " HG_ABI_VERSION);
    raw_.components = list_.data();
    raw_.n_components = N;
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // The entry's answer: this module, or NULL and a sentence for a gateway it cannot run in.
  const hg_module* offer_to(const hg_host_info* host, hg_error* error) const noexcept {
    if (host->abi_major == HG_ABI_MAJOR && host->abi_minor >= raw_.abi_minor_required) return &raw_;
    set_error(error, HG_E_ABI, "this plugin needs plugin ABI " HG_ABI_VERSION " or a newer minor");
    return nullptr;
  }

 private:
  std::array<hg_component, N> components_;
  std::array<const hg_component*, N> list_{};
  hg_module raw_{};
};

template <typename... Components>
Module(const ModuleInfo&, const Components&...) -> Module<sizeof...(Components)>;

}  // namespace heliograph::sdk

#define HELIOGRAPH_PLUGIN(...)                                                       \
  extern "C" HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, \
                                                           hg_error* err) {          \
    static const ::heliograph::sdk::Module module(__VA_ARGS__);                      \
    return module.offer_to(host, err);                                               \
  }
