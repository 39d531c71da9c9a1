/* A distributor that does nothing, with one thing wrong: built several times, with another BAD_...
 * each. What is wrong stands in general.toml. */
#include <heliograph/abi/abi.h>
#include <stdlib.h>

struct hg_instance {
  const hg_host* host;
  uint32_t n;
};

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  (void)component, (void)cfg, (void)err;
#if defined(BAD_CREATE_CRASHES)
  *(volatile int*)NULL = 1;
#endif
  hg_instance* self = calloc(1, sizeof *self);
  self->host = host;
  *out = self;
  return HG_OK;
}

static void destroy(hg_instance* self) { free(self); }

static hg_status on_candidates(hg_instance* self, const hg_candidates* snapshot) {
  self->n = (uint32_t)snapshot->n;
  return HG_OK;
}

static hg_status pick(hg_instance* self, const hg_pick_request* request, hg_pick* out) {
  (void)self, (void)request;
  HG_PUT(out, index, HG_PICK_NONE);
  return HG_OK;
}

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle),
    .create = create,
    .destroy = destroy,
};

static const hg_distributor table = {
    .size = sizeof(hg_distributor),
    .on_candidates = on_candidates,
    .pick = pick,
};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_DISTRIBUTOR,
    .id = HG_STR_INIT("bad"),
    .version = HG_STR_INIT("1"),
    .summary = HG_STR_INIT("A distributor with a fault."),
    .config_schema = HG_STR_INIT("{\"type\": \"object\", \"additionalProperties\": false}"),
    .life = &life,
    .vtbl = &table,
};
static const hg_component* const components[] = {&component};
static const hg_module module = {
    .size = sizeof(hg_module),
    .abi_major = HG_ABI_MAJOR,
    .abi_minor_built = HG_ABI_MINOR,
    .name = HG_STR_INIT("bad"),
    .version = HG_STR_INIT("1"),
    .components = components,
    .n_components = 1,
};

HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  (void)host, (void)err;
  return &module;
}
