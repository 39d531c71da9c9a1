/* A limiter as somebody may have built it on the day of ABI 1.0, against the headers of that day.
 * Counts windows that begin with their first grant, of one key at a time and without sharing: it
 * never grants more than a limit in one of its windows, and is here for its border, not its
 * algorithm. It must run in every gateway of this major. */
#include <heliograph/abi/abi.h>

#include <stdlib.h>
#include <string.h>

#define RULES_MAX 64u

struct hg_instance {
  const hg_limit_rule* rules[RULES_MAX];
  uint64_t begun[RULES_MAX];
  uint64_t used[RULES_MAX];
  size_t n;
};

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  (void)host, (void)component, (void)cfg, (void)err;
  *out = calloc(1, sizeof(hg_instance));
  return *out == NULL ? HG_E_INTERNAL : HG_OK;
}

static void destroy(hg_instance* self) { free(self); }

static hg_status on_rules(hg_instance* self, const hg_limit_rule* rules, size_t n, hg_error* err) {
  size_t i;
  (void)err;
  if (n > RULES_MAX) return HG_E_UNSUPPORTED;
  for (i = 0; i < n; ++i) self->rules[i] = HG_AT(rules, i);
  self->n = n;
  return HG_OK;
}

static uint64_t room(hg_instance* self, const hg_limit_key* key, uint64_t now) {
  const hg_limit_rule* rule = self->rules[key->rule];
  if (now - self->begun[key->rule] >= rule->window_ns) self->used[key->rule] = 0;
  return (rule->limit - self->used[key->rule]) / key->cost;
}

static hg_status acquire(hg_instance* self, hg_op op, const hg_limit_req* request,
                         hg_limit_result* out) {
  uint64_t granted = request->max_n;
  uint32_t i;
  (void)op;
  for (i = 0; i < request->n_keys; ++i) {
    const uint64_t fits = room(self, &request->keys[i], request->now_mono_ns);
    if (fits >= granted) continue;
    granted = fits;
    HG_PUT(out, denied_key, i);
  }
  if (granted < request->min_n) {
    const hg_limit_rule* rule = self->rules[request->keys[0].rule];
    HG_PUT(out, granted, 0);
    HG_PUT(out, retry_after_ns, rule->window_ns);
    return HG_OK;
  }
  for (i = 0; i < request->n_keys; ++i) {
    const hg_limit_key* key = &request->keys[i];
    if (self->used[key->rule] == 0) self->begun[key->rule] = request->now_mono_ns;
    self->used[key->rule] += granted * key->cost;
  }
  HG_PUT(out, granted, (uint32_t)granted);
  return HG_OK;
}

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle), .create = create, .destroy = destroy};

static const hg_limiter limiter = {
    .size = sizeof(hg_limiter), .on_rules = on_rules, .acquire = acquire};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_LIMITER,
    .id = HG_STR_INIT("window_1_0"),
    .version = HG_STR_INIT("1.0.0"),
    .summary = HG_STR_INIT("Fixed windows (built against ABI 1.0)."),
    .config_schema = HG_STR_INIT("{\"type\":\"object\",\"additionalProperties\":false}"),
    .life = &life,
    .vtbl = &limiter};

static const hg_component* const components[] = {&component};

static const hg_module module = {.size = sizeof(hg_module),
                                 .abi_major = HG_ABI_MAJOR,
                                 .abi_minor_built = HG_ABI_MINOR,
                                 .abi_minor_required = 0,
                                 .name = HG_STR_INIT("window_1_0"),
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
