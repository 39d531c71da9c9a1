/* A distributor as somebody may have built it on the day of ABI 1.0, against the headers of that
 * day: the first candidate that may be chosen. It must run in every gateway of this major. */
#include <heliograph/abi/abi.h>

#include <stdlib.h>
#include <string.h>

struct hg_instance {
  const hg_candidate_set* set;
};

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  (void)host, (void)component, (void)cfg, (void)err;
  *out = calloc(1, sizeof(hg_instance));
  return *out == NULL ? HG_E_INTERNAL : HG_OK;
}

static void destroy(hg_instance* self) { free(self); }

static hg_status on_candidates(hg_instance* self, const hg_candidate_set* set) {
  self->set = set;
  return HG_OK;
}

static hg_status pick(hg_instance* self, const hg_pick* request, uint32_t* index, uint64_t* token) {
  uint32_t i;
  for (i = 0; i < self->set->n; ++i) {
    const hg_candidate* candidate = HG_AT(self->set->items, i);
    if (candidate->weight == 0 || (request->excluded[i / 64] >> (i % 64) & 1u) != 0) continue;
    *index = i;
    *token = i;
    return HG_OK;
  }
  return HG_OK;
}

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle), .create = create, .destroy = destroy};

static const hg_distributor distributor = {
    .size = sizeof(hg_distributor), .on_candidates = on_candidates, .pick = pick};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_DISTRIBUTOR,
    .id = HG_STR_INIT("first_1_0"),
    .version = HG_STR_INIT("1.0.0"),
    .summary = HG_STR_INIT("The first candidate (built against ABI 1.0)."),
    .config_schema = HG_STR_INIT("{\"type\":\"object\",\"additionalProperties\":false,"
                                 "\"x-weights\":\"ignored\"}"),
    .life = &life,
    .vtbl = &distributor};

static const hg_component* const components[] = {&component};

static const hg_module module = {.size = sizeof(hg_module),
                                 .abi_major = HG_ABI_MAJOR,
                                 .abi_minor_built = HG_ABI_MINOR,
                                 .abi_minor_required = 0,
                                 .name = HG_STR_INIT("first_1_0"),
                                 .version = HG_STR_INIT("1.0.0"),
                                 .vendor = HG_STR_INIT("Heliograph"),
                                 .license = HG_STR_INIT("MIT"),
                                 .sdk = HG_STR_INIT("c " HG_ABI_VERSION),
                                 .components = components,
                                 .n_components = 1};

const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  static const char kWhy[] = "this plugin needs plugin ABI " HG_ABI_VERSION;
  if (host->abi_major == HG_ABI_MAJOR) return &module;
  if (err != NULL) {
    HG_PUT(err, code, HG_E_ABI);
    if (HG_HAS(err, msg)) {
      memcpy(err->msg, kWhy, sizeof(kWhy));
      err->msg_len = sizeof(kWhy) - 1;
    }
  }
  return NULL;
}
