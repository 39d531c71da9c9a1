/* A distributor that does nothing, with one thing wrong: built several times, with another BAD_...
 * each. What is wrong, and who must notice, stands in general.toml. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <heliograph/abi/abi.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hg_instance {
  const hg_host* host;
  hg_op starting;
};

#if defined(BAD_UNDEFINED_SYMBOL)
void no_such_function_anywhere(void);
#endif
#if defined(BAD_EXTRA_EXPORTS)
int a_global_of_the_plugin = 1;
void a_function_of_the_plugin(void) {}
#endif

static void* sleep_for_good(void* unused) {
  for (;;) pause();
  return unused;
}
#if defined(BAD_LEAKS_MEMORY)
static void* volatile lost;
#endif
static void on_signal(int number) { (void)number; }

static void start_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, sleep_for_good, NULL);
  pthread_detach(thread);
}

static hg_status refuse(hg_error* err, const char* text) {
  if (err != NULL) {
    err->code = HG_E_CONFIG;
    err->msg_len = (uint32_t)strlen(text);
    memcpy(err->msg, text, err->msg_len);
  }
  return HG_E_CONFIG;
}

/* What create() does wrong to the process. */
static void misbehave(const hg_host* host, const hg_config* cfg) {
  hg_str text = {NULL, 0};
  (void)host, (void)cfg, (void)text;
#if defined(BAD_CREATE_CRASHES)
  *(volatile int*)NULL = 1;
#elif defined(BAD_CREATE_HANGS)
  for (;;) pause();
#elif defined(BAD_UNDEFINED_SYMBOL)
  no_such_function_anywhere();
#elif defined(BAD_LEAKS_THREAD) || defined(BAD_THREAD_IN_CREATE)
  start_thread();
#elif defined(BAD_LEAKS_DESCRIPTOR)
  (void)!open("/dev/null", O_RDONLY);
#elif defined(BAD_WRITES_TO_STDOUT)
  printf("hello from the plugin\n");
#elif defined(BAD_INSTALLS_SIGNAL_HANDLER)
  signal(SIGTERM, on_signal);
#elif defined(BAD_BLOCKS_SIGNALS)
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
#elif defined(BAD_CHANGES_FOLDER)
  (void)!chdir("/");
#elif defined(BAD_CHANGES_LOCALE)
  setlocale(LC_ALL, "C.UTF-8");
#elif defined(BAD_CHANGES_UMASK)
  umask(0);
#elif defined(BAD_SETS_ENVIRONMENT)
  setenv("BAD_PLUGIN", "was here", 1);
#elif defined(BAD_LOGS_SECRET)
  if (host->cfg_str(cfg, "password", &text) == HG_OK) host->log(host, HG_LOG_DEBUG, text, NULL, 0);
#elif defined(BAD_ABORTS_ON_CONFIG)
  if (host->cfg_str(cfg, "mode", &text) == HG_OK && (text.len != 4 || memcmp(text.ptr, "fast", 4)))
    abort();
#elif defined(BAD_LEAKS_MEMORY)
  lost = malloc(500);
#endif
}

static hg_status read_config(const hg_host* host, const hg_config* cfg, hg_error* err) {
  hg_str text = {NULL, 0};
  (void)host, (void)cfg, (void)err, (void)text;
#if defined(BAD_KEY_NOT_NAMED)
  if (host->cfg_str(cfg, "token", &text) != HG_OK) return refuse(err, "something is missing");
#elif defined(BAD_REFUSES_DEFAULTS)
  return refuse(err, "limit: must not be 5");
#elif defined(BAD_REFUSES_SILENTLY)
  if (host->cfg_str(cfg, "mode", &text) == HG_OK) return HG_E_CONFIG;
#elif defined(BAD_SECRET_IN_ERROR)
  char said[200];
  if (host->cfg_str(cfg, "password", &text) == HG_OK && memchr(text.ptr, '{', text.len)) {
    snprintf(said, sizeof said, "password: '%.*s' is odd", (int)text.len, text.ptr);
    return refuse(err, said);
  }
#endif
  return HG_OK;
}

static hg_status create(const hg_host* host, const hg_component* component, const hg_config* cfg,
                        hg_instance** out, hg_error* err) {
  hg_instance* self;
  hg_status status = read_config(host, cfg, err);
  (void)component;
  if (status != HG_OK) return status;
  misbehave(host, cfg);
  self = calloc(1, sizeof *self);
  self->host = host;
  *out = self;
#if defined(BAD_NO_INSTANCE)
  *out = NULL;
#endif
  return HG_OK;
}

static void destroy(hg_instance* self) {
#if defined(BAD_DESTROY_CRASHES)
  if (self->starting == 0) *(volatile int*)NULL = 1;
#elif defined(BAD_LOGS_AFTER_STOP)
  self->host->complete(self->host, 12345, HG_OK, NULL);
#endif
  free(self);
}

static hg_status start(hg_instance* self, hg_op op, uint64_t deadline_mono_ns, hg_error* err) {
  (void)self, (void)op, (void)deadline_mono_ns, (void)err;
  self->starting = op;
#if defined(BAD_START_EXITS)
  exit(3);
#elif defined(BAD_START_NEVER_COMPLETES)
  return HG_PENDING;
#elif defined(BAD_START_COMPLETES_TWICE)
  self->host->complete(self->host, op, HG_OK, NULL);
  self->host->complete(self->host, op, HG_OK, NULL);
  return HG_PENDING;
#elif defined(BAD_STOP_FORGETS_START)
  return self->host->timer_start(self->host, self->host->now_mono_ns(self->host) + 1000000, NULL,
                                 NULL, 0, NULL);
#endif
  return HG_OK;
}

static hg_status drain(hg_instance* self, hg_op op, uint64_t deadline_mono_ns) {
  (void)self, (void)op, (void)deadline_mono_ns;
#if defined(BAD_DRAIN_NEVER_ENDS)
  return HG_PENDING;
#endif
  return HG_OK;
}

static hg_status on_candidates(hg_instance* self, const hg_candidate_set* set) {
  (void)self, (void)set;
  return HG_OK;
}

/* The first that is not excluded. */
static hg_status pick(hg_instance* self, const hg_pick* request, uint32_t* index, uint64_t* token) {
  (void)self, (void)request, (void)index, (void)token;
  return HG_OK;
}

static const hg_lifecycle life = {
    .size = sizeof(hg_lifecycle),
    .create = create,
    .start = start,
    .drain = drain,
#if !defined(BAD_NO_DESTROY)
    .destroy = destroy,
#endif
};

static const hg_distributor table = {
    .size = sizeof(hg_distributor),
    .on_candidates = on_candidates,
    .pick = pick,
};

#define CLOSED "\"type\": \"object\", \"additionalProperties\": false"
#if defined(BAD_SCHEMA_IS_NO_JSON)
#define SCHEMA "{\"type\": \"object\", "
#elif defined(BAD_SCHEMA_OF_A_LIST)
#define SCHEMA "{\"type\": \"array\"}"
#elif defined(BAD_DEFAULT_DOES_NOT_FIT)
#define SCHEMA \
  "{" CLOSED   \
  ", \"properties\": {\"limit\": {\"type\": \"integer\", \"maximum\": 4, \"default\": 5}}}"
#elif defined(BAD_EXAMPLE_DOES_NOT_FIT)
#define SCHEMA \
  "{" CLOSED ", \"properties\": {\"limit\": {\"type\": \"integer\", \"examples\": [\"many\"]}}}"
#elif defined(BAD_KEY_NOT_NAMED)
#define SCHEMA                                                                                     \
  "{" CLOSED                                                                                       \
  ", \"required\": [\"token\"], \"properties\": {\"token\": {\"type\": \"string\", \"examples\": " \
  "[\"t\"]}}}"
#else
#define SCHEMA                                                          \
  "{" CLOSED                                                            \
  ", \"properties\": {"                                                 \
  "\"limit\": {\"type\": \"integer\", \"default\": 5, \"minimum\": 1}," \
  "\"mode\": {\"type\": \"string\", \"examples\": [\"fast\"]},"         \
  "\"password\": {\"type\": \"string\", \"x-secret\": true}}}"
#endif

static const hg_component component = {
#if defined(BAD_COMPONENT_OF_SIZE_0)
    .size = 0,
#else
    .size = sizeof(hg_component),
#endif
    .kind = HG_KIND_DISTRIBUTOR,
#if defined(BAD_ID_WITH_SPACES)
    .id = HG_STR_INIT("Bad Id"),
#else
    .id = HG_STR_INIT("bad"),
#endif
    .version = HG_STR_INIT("1"),
    .summary = HG_STR_INIT("A distributor with a fault."),
    .config_schema = HG_STR_INIT(SCHEMA),
    .life = &life,
    .vtbl = &table,
};
static const hg_component* const components[] = {&component};
static hg_module module = {
#if defined(BAD_MODULE_OF_SIZE_0)
    .size = 0,
#elif defined(BAD_MODULE_OF_HUGE_SIZE)
    .size = UINT32_MAX,
#else
    .size = sizeof(hg_module),
#endif
#if defined(BAD_OTHER_MAJOR)
    .abi_major = HG_ABI_MAJOR + 1,
#else
    .abi_major = HG_ABI_MAJOR,
#endif
    .abi_minor_built = HG_ABI_MINOR,
#if defined(BAD_NEEDS_NEWER_MINOR)
    .abi_minor_required = HG_ABI_MINOR + 1,
#endif
    .name = HG_STR_INIT("bad"),
    .version = HG_STR_INIT("1"),
    .components = components,
    .n_components = 1,
};

#if defined(BAD_WORKS_WHEN_LOADED)
__attribute__((constructor)) static void on_load(void) { signal(SIGHUP, on_signal); }
#endif

#if !defined(BAD_NO_ENTRY)
HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info* host, hg_error* err) {
#if defined(BAD_ANOTHER_MODULE_EACH_TIME)
  static __thread hg_module copies[2];
  static __thread int calls;
  copies[calls % 2] = module;
  return &copies[calls++ % 2];
#elif defined(BAD_READS_BEYOND_HOST_INFO)
  if (((const volatile uint64_t*)(host + 1))[-1] == 1) return NULL;
#elif defined(BAD_REFUSES_NEWER_HOSTS)
  if (host->abi_minor > HG_ABI_MINOR) {
    refuse(err, "newer than I am");
    return NULL;
  }
#endif
#if !defined(BAD_TAKES_ANY_MAJOR)
  if (host->abi_major != HG_ABI_MAJOR) {
#if !defined(BAD_REFUSES_WITHOUT_WORDS)
    refuse(err, "another major version");
#endif
    return NULL;
  }
#endif
  return &module;
}
#else
HG_EXPORT int hg_plugin_entry_v2(void) { return 0; }
#endif
