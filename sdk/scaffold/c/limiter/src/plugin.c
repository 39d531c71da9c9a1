/* A limiter in C99: exact sliding windows in memory. For each rule and key it notes when how many
 * units were granted (windows.h); what is older than the window does not count any more. */
#include <heliograph/abi/abi.h>
#include <stdlib.h>
#include <string.h>

#include "windows.h"

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"max_keys\":{\"type\":\"integer\",\"default\":100000,\"minimum\":1,\"maximum\":10000000,"
    "\"description\":\"Keys counted at once; a further one is denied until an older one is "
    "idle.\"}}}";

struct hg_instance {
  windows windows;
  const hg_limit_rule* rules; /* the host's; alive until the next on_rules returned */
};

static hg_status fail(hg_error* err, hg_status status, const char* text) {
  if (err != NULL) {
    err->code = status;
    err->msg_len = (uint32_t)strlen(text);
    memcpy(err->msg, text, err->msg_len);
  }
  return status;
}

/* ---- life cycle */

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  hg_instance* self;
  int64_t max_keys = 0;
  (void)component;
  if (host->cfg_i64(cfg, "max_keys", &max_keys) != HG_OK) {
    return fail(err, HG_E_CONFIG, "max_keys: is missing");
  }
  self = calloc(1, sizeof(*self));
  if (self == NULL) return fail(err, HG_E_INTERNAL, "out of memory");
  self->windows.max = (size_t)max_keys;
  *out = self;
  return HG_OK;
}

static void destroy(hg_instance* self) {
  windows_free(&self->windows);
  free(self);
}

/* ---- limiting */

static hg_status on_rules(hg_instance* self, const hg_limit_rule* rules, size_t n, hg_error* err) {
  size_t i;
  for (i = 0; i < n; ++i) {
    if (HG_AT(rules, i)->algorithm != HG_LIMIT_SLIDING_WINDOW) {
      return fail(err, HG_E_UNSUPPORTED, "only sliding windows are known here");
    }
  }
  self->rules = rules;
  return HG_OK;
}

static void deny(const hg_limit_req* request, uint32_t i, const window* counted, uint64_t limit,
                 uint64_t cost, hg_limit_result* out) {
  const uint64_t needed = request->min_n * cost;
  out->granted = 0;
  out->denied_key = i;
  if (counted == NULL || needed > limit) return;
  out->retry_after_ns = window_wait(counted, request->now_mono_ns, counted->used + needed - limit);
}

/* A key that is named twice costs the sum. */
static uint64_t cost_of(const hg_limit_req* request, window* const* counted, const window* one) {
  uint64_t cost = 0;
  uint32_t i;
  for (i = 0; i < request->n_keys; ++i) {
    if (counted[i] == one) cost += request->keys[i].cost;
  }
  return cost;
}

/* All keys together or none. */
static hg_status acquire(hg_instance* self, hg_op op, const hg_limit_req* request,
                         hg_limit_result* out) {
  window* counted[HG_LIMIT_KEYS_MAX];
  uint64_t granted = request->max_n;
  uint32_t i;
  (void)op;
  windows_make_room(&self->windows, request->now_mono_ns);
  for (i = 0; i < request->n_keys; ++i) {
    const hg_limit_key* key = &request->keys[i];
    const hg_limit_rule* rule = HG_AT(self->rules, key->rule);
    counted[i] = windows_get(&self->windows, rule, key->key, request->now_mono_ns);
  }
  for (i = 0; i < request->n_keys; ++i) {
    const hg_limit_rule* rule = HG_AT(self->rules, request->keys[i].rule);
    const uint64_t cost = cost_of(request, counted, counted[i]);
    uint64_t fit = 0;
    if (counted[i] != NULL && counted[i]->used < rule->limit) {
      fit = (rule->limit - counted[i]->used) / cost;
    }
    if (fit < request->min_n) {
      deny(request, i, counted[i], rule->limit, cost, out);
      return HG_OK;
    }
    if (fit < granted) granted = fit;
  }
  for (i = 0; i < request->n_keys; ++i) {
    if (!window_add(counted[i], request->now_mono_ns, granted * request->keys[i].cost)) {
      return HG_E_INTERNAL;
    }
  }
  out->granted = (uint32_t)granted;
  out->grant = request->now_mono_ns;
  return HG_OK;
}

static void refund(hg_instance* self, uint64_t grant, const hg_limit_key* keys, size_t n_keys,
                   uint32_t n) {
  size_t i;
  for (i = 0; i < n_keys; ++i) {
    const hg_limit_rule* rule = HG_AT(self->rules, keys[i].rule);
    window* counted = windows_find(&self->windows, rule->id, keys[i].key);
    if (counted != NULL) window_refund(counted, grant, (uint64_t)n * keys[i].cost);
  }
}

/* ---- descriptors: all static, so the entry has nothing to do but hand them out */

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle), .create = create, .destroy = destroy};

static const hg_limiter limiter = {
    .size = sizeof(hg_limiter), .on_rules = on_rules, .acquire = acquire, .refund = refund};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_LIMITER,
    .id = HG_STR_INIT("@NAME@"),
    .version = HG_STR_INIT("0.1.0"),
    .summary = HG_STR_INIT("Sliding windows in the gateway's memory."),
    .config_schema = HG_STR_INIT(schema),
    .life = &life,
    .vtbl = &limiter};

static const hg_component* const components[] = {&component};

static const hg_module module = {.size = sizeof(hg_module),
                                 .abi_major = HG_ABI_MAJOR,
                                 .abi_minor_built = HG_ABI_MINOR,
                                 .abi_minor_required = 0,
                                 .name = HG_STR_INIT("@NAME@"),
                                 .version = HG_STR_INIT("0.1.0"),
                                 .vendor = HG_STR_INIT("me"),
                                 .license = HG_STR_INIT("MIT"),
                                 .sdk = HG_STR_INIT("c " HG_ABI_VERSION),
                                 .components = components,
                                 .n_components = 1};

const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  if (host->abi_major == HG_ABI_MAJOR) return &module;
  fail(err, HG_E_ABI, "this plugin needs plugin ABI " HG_ABI_VERSION);
  return NULL;
}
