// One component as a module, for the bad plugins of a kind: they are written straight on the ABI,
// so that nothing catches or mends what they do wrong.
#pragma once

#include <heliograph/abi/abi.h>
#include <string.h>

constexpr hg_str kEmptySchema =
    HG_STR_INIT("{\"type\": \"object\", \"additionalProperties\": false}");

inline hg_status say(hg_error* err, hg_status status, const char* text) {
  if (err == nullptr) return status;
  err->code = status;
  err->msg_len = static_cast<uint32_t>(strlen(text));
  memcpy(err->msg, text, err->msg_len);
  return status;
}

inline hg_component bad_component(uint32_t kind, const hg_lifecycle* life, const void* table,
                                  hg_str schema) {
  hg_component component{};
  component.size = sizeof(component);
  component.kind = kind;
  component.id = HG_STR("bad");
  component.version = HG_STR("1");
  component.summary = HG_STR("A component with a fault.");
  component.config_schema = schema;
  component.life = life;
  component.vtbl = table;
  return component;
}

inline hg_module bad_module(const hg_component* const* components) {
  hg_module module{};
  module.size = sizeof(module);
  module.abi_major = HG_ABI_MAJOR;
  module.abi_minor_built = HG_ABI_MINOR;
  module.name = HG_STR("bad");
  module.version = HG_STR("1");
  module.vendor = HG_STR("tests");
  module.license = HG_STR("MIT");
  module.sdk = HG_STR("c++ " HG_ABI_VERSION);
  module.components = components;
  module.n_components = 1;
  return module;
}

// Defines the entry of a plugin of that kind.
#define BAD_PLUGIN(kind, life, table, schema)                                           \
  static const hg_component component = bad_component(kind, &(life), &(table), schema); \
  static const hg_component* const components[] = {&component};                         \
  static const hg_module module = bad_module(components);                               \
  extern "C" HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host,    \
                                                           hg_error* err) {             \
    if (host->abi_major == HG_ABI_MAJOR) return &module;                                \
    return say(err, HG_E_ABI, "needs plugin ABI 1"), nullptr;                           \
  }
