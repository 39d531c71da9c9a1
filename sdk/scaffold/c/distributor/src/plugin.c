/* A distributor in C99: smooth weighted round robin. Each pick credits every usable provider with
 * its weight and takes the richest, which pays the sum: shares follow the weights, interleaved. */
#include <heliograph/abi/abi.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
    "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"by_priority\":{\"type\":\"boolean\",\"default\":true,"
    "\"description\":\"Use only the usable providers with the lowest priority number.\"}}}";

typedef struct entry {
  uint64_t id;
  uint32_t weight, priority;
  int64_t credit;
} entry;

struct hg_instance {
  int64_t by_priority;
  entry* entries;
  uint32_t n;
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
  hg_instance* self = calloc(1, sizeof(*self));
  (void)component;
  if (self == NULL) return fail(err, HG_E_INTERNAL, "out of memory");
  if (host->cfg_i64(cfg, "by_priority", &self->by_priority) != HG_OK) {
    free(self);
    return fail(err, HG_E_CONFIG, "by_priority: is missing");
  }
  *out = self;
  return HG_OK;
}

static void destroy(hg_instance* self) {
  free(self->entries);
  free(self);
}

/* ---- choosing */

/* A new snapshot: tables are made here, and a provider's credit goes with its id. */
static hg_status on_candidates(hg_instance* self, const hg_candidate_set* set) {
  entry* fresh = calloc(set->n + 1u, sizeof(*fresh));
  uint32_t i, k;
  if (fresh == NULL) return HG_E_INTERNAL;
  for (i = 0; i < set->n; ++i) {
    const hg_candidate* candidate = HG_AT(set->items, i);
    fresh[i].id = candidate->id;
    fresh[i].weight = candidate->weight;
    fresh[i].priority = self->by_priority ? candidate->priority : 0;
    for (k = 0; k < self->n; ++k) {
      if (self->entries[k].id == candidate->id) fresh[i].credit = self->entries[k].credit;
    }
  }
  free(self->entries);
  self->entries = fresh;
  self->n = set->n;
  return HG_OK;
}

static int usable(const hg_instance* self, const hg_pick* request, uint32_t i) {
  const int excluded =
      i / 64 < request->n_words && ((request->excluded[i / 64] >> (i % 64)) & 1u) != 0;
  return self->entries[i].weight > 0 && !excluded;
}

/* The hot path: no allocation, no lock. */
static hg_status pick(hg_instance* self, const hg_pick* request, uint32_t* index, uint64_t* token) {
  uint32_t i, priority = UINT32_MAX;
  int64_t sum = 0;
  (void)token;
  for (i = 0; i < self->n; ++i) {
    if (usable(self, request, i) && self->entries[i].priority < priority) {
      priority = self->entries[i].priority;
    }
  }
  for (i = 0; i < self->n; ++i) {
    entry* one = &self->entries[i];
    if (!usable(self, request, i) || one->priority != priority) continue;
    sum += one->weight;
    one->credit += one->weight;
    if (*index == HG_PICK_NONE || one->credit > self->entries[*index].credit) *index = i;
  }
  if (*index != HG_PICK_NONE) self->entries[*index].credit -= sum;
  return HG_OK;
}

/* ---- descriptors: all static, so the entry has nothing to do but hand them out */

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle), .create = create, .destroy = destroy};

static const hg_distributor distributor = {
    .size = sizeof(hg_distributor), .on_candidates = on_candidates, .pick = pick};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_DISTRIBUTOR,
    .id = HG_STR_INIT("@NAME@"),
    .version = HG_STR_INIT("0.1.0"),
    .summary = HG_STR_INIT("Shares messages by weight, evenly interleaved."),
    .config_schema = HG_STR_INIT(schema),
    .life = &life,
    .vtbl = &distributor};

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
