/* What the gateway does for an instance: log, metrics, clock, timers, completions, events,
 * configuration.
 *
 * Each instance has an hg_host of its own, given to create() and valid until destroy() returns. A
 * plugin passes it back as the first argument of every call, so that the host knows on whose behalf
 * it acts. More services are extensions, see get_extension and ext/. */
#ifndef HG_ABI_HOST_H
#define HG_ABI_HOST_H

#include <heliograph/abi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hg_instance hg_instance; /* the plugin's, opaque to the host */
typedef struct hg_config
    hg_config; /* the host's, opaque to the plugin; see create() for its life */

/* Filled by the plugin; declared where the kinds are. */
typedef struct hg_send_result hg_send_result;   /* provider.h */
typedef struct hg_event hg_event;               /* provider.h */
typedef struct hg_limit_result hg_limit_result; /* limiter.h */

/* Called in [loop] when emitted events are durable (HG_OK) or could not be stored (an error). */
typedef void (*hg_emit_fn)(void* arg, uint64_t tag, hg_status st);

/* Levels of log(). A number above the last one counts as error. error: somebody must act; warn:
 * degraded but handled; info: life cycle; debug: per message. Never log personal data. */
#define HG_LOG_TRACE 0u
#define HG_LOG_DEBUG 1u
#define HG_LOG_INFO 2u
#define HG_LOG_WARN 3u
#define HG_LOG_ERROR 4u

/* Kinds of metric_register(). */
#define HG_METRIC_COUNTER 0u
#define HG_METRIC_GAUGE 1u
#define HG_METRIC_HISTOGRAM 2u

/* Types that cfg_type() tells. Durations and sizes (x-unit, see module.h) are integers. */
#define HG_CFG_NULL 0u
#define HG_CFG_BOOL 1u
#define HG_CFG_INT 2u
#define HG_CFG_FLOAT 3u
#define HG_CFG_STRING 4u
#define HG_CFG_ARRAY 5u
#define HG_CFG_TABLE 6u

typedef struct hg_host hg_host;
struct hg_host {
  uint32_t size;
  uint32_t abi_minor; /* the minor this host speaks */
  void* priv;         /* the host's own */
  hg_str instance;    /* as named in the configuration: "provider1" */
  uint32_t shard;     /* always 0 in this minor, see HG_F_SHARDABLE */
  uint32_t n_shards;  /* always 1 in this minor */

  /* [any] A host side extension by its id, NULL if this host has none of that name. What it points
   * to is valid as long as the hg_host. */
  const void* (*get_extension)(const hg_host* host, const char* id);

  /* [any] 1 when lines of this level are written, else 0: ask before an expensive one. */
  uint32_t (*log_enabled)(const hg_host* host, uint32_t level);

  /* [any] Writes a line with n_kv fields; kv may be NULL when n_kv is 0. Filters by level itself.
   * Never blocks: when the log cannot keep up, lines are dropped and counted. The host adds the
   * instance. */
  void (*log)(const hg_host* host, uint32_t level, hg_str msg, const hg_kv* kv, size_t n_kv);

  /* [ctl] In create() only. Returns the metric's id; 0 is a valid id that does nothing, given when
   * the host wants no more metrics. The labels' values are fixed here; the host adds plugin and
   * instance. unit as in "seconds", "bytes", or empty. Registering a name with equal labels again
   * returns the first id. */
  uint32_t (*metric_register)(const hg_host* host, uint32_t kind, hg_str name, hg_str help,
                              hg_str unit, const hg_kv* labels, size_t n_labels);

  /* [any] counter += v, gauge = v, or histogram observes v. */
  void (*metric_add)(const hg_host* host, uint32_t id, double v);

  /* [any] The clock of every deadline: nanoseconds since an unspecified moment, never goes back. */
  uint64_t (*now_mono_ns)(const hg_host* host);

  /* [any] Nanoseconds since 1970-01-01T00:00:00Z; may be set back and forth by the operator. */
  int64_t (*now_unix_ns)(const hg_host* host);

  /* [any] Runs fn(arg, tag) on this instance's strand, in the order of posting. HG_E_STATE once
   * stop() has returned: fn is NOT run and the caller keeps arg. This is how a plugin's own thread
   * gets back to [loop]. */
  hg_status (*post)(const hg_host* host, hg_fn fn, void* arg, uint64_t tag);

  /* [loop] One shot: fn(arg, tag) runs at at_mono_ns or soon after. id may be NULL. */
  hg_status (*timer_start)(const hg_host* host, uint64_t at_mono_ns, hg_fn fn, void* arg,
                           uint64_t tag, hg_id* id);

  /* [loop] HG_OK: fn will not run. HG_E_STALE: it has run or is running. */
  hg_status (*timer_cancel)(const hg_host* host, hg_id id);

  /* [any] Completes start, drain or stop, which returned HG_PENDING for the op. err may be NULL; it
   * is copied. The three completions may be made inside the very call that received the op.
   * HG_E_STALE is counted as the plugin's misbehaviour. */
  hg_status (*complete)(const hg_host* host, hg_op op, hg_status st, const hg_error* err);

  /* [any] Completes n sends, exactly one result for each op that send() accepted. Walked by HG_AT;
   * everything is copied. HG_E_STALE when any of the n was stale; the others are applied all the
   * same. */
  hg_status (*complete_send)(const hg_host* host, const hg_send_result* results, size_t n);

  /* [any] Completes an acquire() that returned HG_PENDING. Copied. HG_E_STALE: it was cancelled for
   * good or its deadline is over; what was granted is to be given back by the plugin itself. */
  hg_status (*complete_limit)(const hg_host* host, hg_op op, const hg_limit_result* result);

  /* [any] n receipts or inbound messages, copied and stored together. HG_PENDING: done(arg, tag,
   * st) follows, and HG_OK there means durable: only then acknowledge to the peer. HG_E_BUSY: not
   * taken, slow the peer down (SMPP: ESME_RTHROTTLED, HTTP: 503). done may be NULL. */
  hg_status (*emit)(const hg_host* host, const hg_event* const* events, size_t n, hg_emit_fn done,
                    void* arg, uint64_t tag);

  /* [any] How many sends may be in flight at once (an SMPP window, connections), absolute; the host
   * counts. 0 pauses, UINT32_MAX: no bound but the operator's. Until called: caps.max_inflight. */
  void (*set_window)(const hg_host* host, uint32_t max_inflight);

  /* Configuration, validated against the component's schema and with its defaults filled in. Paths
   * are dotted, an array element is its index: "codes.0.name"; "" is the whole. Results live as
   * long as cfg. HG_E_NOT_FOUND: absent and without default. HG_E_CONFIG: of another type. *out is
   * untouched unless HG_OK. Secrets arrive resolved. */

  /* [any] A string. */
  hg_status (*cfg_str)(const hg_config* cfg, const char* path, hg_str* out);

  /* [any] An integer; a truth value as 0 or 1; a duration in nanoseconds; a size in bytes. */
  hg_status (*cfg_i64)(const hg_config* cfg, const char* path, int64_t* out);

  /* [any] A number, integers included. */
  hg_status (*cfg_f64)(const hg_config* cfg, const char* path, double* out);

  /* [any] HG_CFG_* and the number of children of an array or table (else 0). Either may be NULL. */
  hg_status (*cfg_type)(const hg_config* cfg, const char* path, uint32_t* type, size_t* n_children);

  /* [any] The key of child i of a table, in a fixed order. HG_E_NOT_FOUND past the last. */
  hg_status (*cfg_key)(const hg_config* cfg, const char* path, size_t i, hg_str* key);

  /* [any] The whole as one JSON object, durations and sizes as numbers, in a fixed order. */
  hg_str (*cfg_json)(const hg_config* cfg);
};

#ifdef __cplusplus
}
#endif
#endif
