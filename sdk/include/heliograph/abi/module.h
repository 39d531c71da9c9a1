/* What a plugin library is made of: the module, its components, the one exported function.
 *
 * The host calls the entry, reads the descriptors, and refuses in words what it cannot run.
 * Everything a descriptor points to is static storage in the plugin. Describe before create: the
 * schema, the kind and the version of a component are known without an instance, so `heliograph
 * plugin inspect` and `heliograph config check` need no network and leave no trace. */
#ifndef HG_ABI_MODULE_H
#define HG_ABI_MODULE_H

#include <heliograph/abi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of component. 4 (queue) and 5 (store) are reserved. A kind the host does not know is
 * skipped with a warning, so that one library may serve older hosts too. */
#define HG_KIND_PROVIDER 1u
#define HG_KIND_DISTRIBUTOR 2u
#define HG_KIND_LIMITER 3u

/* Flags of a component. Bits a host does not know are ignored; this minor acts on none of the
 * reserved ones.
 *
 * SHARDABLE    reserved: one instance per worker shard would be fine
 * CONCURRENT   reserved: [loop] calls of one instance might overlap
 * OWN_THREADS  the plugin starts threads of its own
 * UNLOADABLE   reserved: could be unmapped after fini(); modules stay resident for now
 * EXCLUSIVE    two generations must not run at once (a single SMPP bind) */
#define HG_F_SHARDABLE (1u << 0)
#define HG_F_CONCURRENT (1u << 1)
#define HG_F_OWN_THREADS (1u << 2)
#define HG_F_UNLOADABLE (1u << 3)
#define HG_F_EXCLUSIVE (1u << 4)

/* One thing that the configuration can name by kind and id.
 *
 * config_schema is a JSON Schema (2020-12) of the component's `config` table, an object. Supported:
 * type, properties, required, additionalProperties, default, enum, const, minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, items, minItems,
 * maxItems, uniqueItems, title, description, examples. The host fills defaults in, rejects what
 * does not fit with the key's name, and prints the documentation from it. Say
 * "additionalProperties": false, so that a misspelt key is an error. Heliograph's own keywords:
 *   "x-secret": true        a string that the operator may give as "env:NAME" or "file:PATH"; the
 * plugin gets the value, no dump or log ever shows it "x-unit": "duration"    type string, written
 * "5s", "250ms", "1h30m"; the plugin reads nanoseconds with cfg_i64. The default is written the
 * same way. "x-unit": "size"        type string, written "64KiB", "1MiB"; the plugin reads bytes
 * with cfg_i64 "x-reloadable": true    reconfigure() can apply a change of this key in place */
typedef struct hg_component {
  uint32_t size;
  uint32_t kind;  /* HG_KIND_* */
  uint32_t flags; /* HG_F_* */
  uint32_t reserved;
  hg_str id;      /* what `plugin = "..."` names: a-z 0-9 _ . -, e.g. "http" or "acme.twilio" */
  hg_str version; /* of the component, for people */
  hg_str summary; /* one sentence */
  hg_str config_schema;
  const struct hg_lifecycle* life; /* the same shape for every kind: lifecycle.h */
  const void* vtbl;                /* hg_provider, hg_distributor or hg_limiter, by kind */
} hg_component;

/* Who is asking. */
typedef struct hg_host_info {
  uint32_t size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  hg_str name;    /* "heliograph" */
  hg_str version; /* of the gateway */
} hg_host_info;

/* A plugin library. Valid until fini() returns. The host accepts it when abi_major equals its own
 * and abi_minor_required is not above its own minor. */
typedef struct hg_module {
  uint32_t size;
  uint32_t abi_major;
  uint32_t abi_minor_built;    /* HG_ABI_MINOR of the headers it was compiled with */
  uint32_t abi_minor_required; /* the oldest host it can run in */
  hg_str name;
  hg_str version;
  hg_str vendor;
  hg_str license; /* SPDX expression */
  hg_str sdk;     /* what it was made with, for people: "c 1.0" */
  const hg_component* const* components;
  size_t n_components;

  /* [ctl] Once, before the first create(). NULL allowed. No input or output, no threads. */
  hg_status (*init)(const hg_host_info* host, hg_error* err);

  /* [ctl] Once, after the last destroy(). NULL allowed. No code of the plugin runs after it. */
  void (*fini)(void);
} hg_module;

/* [ctl] The one exported function. Free of side effects and back within 50 ms: `plugin inspect`
 * calls nothing else. Returns the same pointer each time, or NULL and fills err when the host's
 * version is not acceptable. host is never NULL; err may be. */
typedef const hg_module* (*hg_entry_fn)(const hg_host_info* host, hg_error* err);

#define HG_ENTRY_SYMBOL "hg_plugin_entry_v1"
HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err);

#ifdef __cplusplus
}
#endif
#endif
