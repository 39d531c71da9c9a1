/* Modules with one thing wrong, or old, or new: built several times, with another VARIANT each. */
#include <heliograph/abi/abi.h>

#define NEEDS_NEWER 1
#define OTHER_MAJOR 2
#define UNKNOWN_KIND 3
#define NO_SEND 4
#define TRUNCATED_TABLES 5
#define BROKEN_SCHEMA 6
#define TWICE 7
#define REFUSES 8
#define INIT_FAILS 9

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  (void)component, (void)cfg, (void)err;
  *out = (hg_instance*)(uintptr_t)host;
  return HG_OK;
}
static void destroy(hg_instance* self) { (void)self; }
static hg_status caps(hg_instance* self, hg_provider_caps* out) {
  (void)self;
  HG_PUT(out, channels, HG_CH_SMS);
  return HG_OK;
}
static hg_status send(hg_instance* self, const hg_send_item* items, size_t n, size_t* accepted) {
  const hg_host* host = (const hg_host*)(uintptr_t)self;
  size_t i;
  for (i = 0; i < n; ++i) {
    hg_send_result result = {0};
    result.size = sizeof result;
    result.outcome = HG_SENT;
    result.op = items[i].op;
    host->complete_send(host, &result, 1);
  }
  *accepted = n;
  return HG_OK;
}

static const hg_lifecycle life = {
#if VARIANT == TRUNCATED_TABLES
    /* An older SDK's: it ends after destroy, and what follows in memory is not the host's to read.
     */
    .size = offsetof(hg_lifecycle, get_extension),
    .get_extension = (const void* (*)(hg_instance*, const char*))(uintptr_t)1,
#else
    .size = sizeof(hg_lifecycle),
#endif
    .create = create,
    .destroy = destroy,
};

static const hg_provider table = {
#if VARIANT == TRUNCATED_TABLES
    .size = offsetof(hg_provider, cancel),
    .cancel = (void (*)(hg_instance*, hg_op, hg_status))(uintptr_t)1,
#else
    .size = sizeof(hg_provider),
#endif
    .caps = caps,
#if VARIANT != NO_SEND
    .send = send,
#else
    .cancel = NULL,
#endif
};

static const hg_component component = {
    .size = sizeof(hg_component),
    .kind = HG_KIND_PROVIDER,
    .id = HG_STR_INIT("variant"),
    .version = HG_STR_INIT("1"),
#if VARIANT == BROKEN_SCHEMA
    .config_schema = HG_STR_INIT("{\"type\": \"object\", "),
#else
    .config_schema = HG_STR_INIT("{\"type\": \"object\"}"),
#endif
    .life = &life,
    .vtbl = &table,
};

#if VARIANT == UNKNOWN_KIND
static const hg_component future = {
    .size = sizeof(hg_component) + 64,
    .kind = 42,
    .id = HG_STR_INIT("future"),
};
static const hg_component* const components[] = {&future, &component};
#elif VARIANT == TWICE
static const hg_component* const components[] = {&component, &component};
#else
static const hg_component* const components[] = {&component};
#endif

#if VARIANT == INIT_FAILS
static hg_status init(const hg_host_info* host, hg_error* err) {
  (void)host;
  err->msg_len = 8;
  err->msg[0] = 'n', err->msg[1] = 'o', err->msg[2] = ' ', err->msg[3] = 'l';
  err->msg[4] = 'u', err->msg[5] = 'c', err->msg[6] = 'k', err->msg[7] = '!';
  return HG_E_IO;
}
#endif

static const hg_module module = {
    .size = sizeof(hg_module),
#if VARIANT == OTHER_MAJOR
    .abi_major = 2,
#else
    .abi_major = HG_ABI_MAJOR,
#endif
    .abi_minor_built = HG_ABI_MINOR,
#if VARIANT == NEEDS_NEWER
    .abi_minor_required = 9,
#endif
    .name = HG_STR_INIT("acme"),
    .version = HG_STR_INIT("1"),
    .components = components,
    .n_components = sizeof components / sizeof components[0],
#if VARIANT == INIT_FAILS
    .init = init,
#endif
};

HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
  (void)host;
#if VARIANT == REFUSES
  err->msg_len = 3;
  err->msg[0] = 'b', err->msg[1] = 'y', err->msg[2] = 'e';
  return NULL;
#else
  (void)err;
  return &module;
#endif
}
