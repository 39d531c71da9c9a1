/* Limiters: components that grant permits, so that no contract with a provider is ever exceeded.
 *
 * The host asks for one message or for several at once and says for whom; the limiter grants all
 * keys together or none. An in-memory limiter answers inside the call; one with a backend answers
 * later. */
#ifndef HG_ABI_LIMITER_H
#define HG_ABI_LIMITER_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Algorithms.
 *
 * SLIDING_WINDOW  never more than `limit` in any window_ns, wherever it begins
 * TOKEN_BUCKET    limit per window_ns refills evenly, up to `burst` at once */
#define HG_LIMIT_SLIDING_WINDOW 0u
#define HG_LIMIT_TOKEN_BUCKET 1u

#define HG_LIMIT_KEYS_MAX 8u

/* One limit; the host collects them from wherever the configuration states one. */
typedef struct hg_limit_rule {
  uint32_t size;
  uint32_t algorithm; /* HG_LIMIT_* */
  uint64_t window_ns;
  uint64_t limit; /* units per window, >= 1 */
  uint64_t burst; /* token bucket only; 0: limit */
  hg_str id;      /* a stable name, part of the key in a shared backend */
} hg_limit_rule;

/* Who is counted under which rule. Frozen. */
typedef struct hg_limit_key {
  hg_str key;    /* "provider1", a client's id */
  uint32_t rule; /* index into the last on_rules */
  uint32_t cost; /* units per granted item, 1 .. limit */
} hg_limit_key;

typedef struct hg_limit_req {
  uint32_t size;
  uint32_t n_keys; /* 1 .. HG_LIMIT_KEYS_MAX */
  const hg_limit_key* keys;
  uint32_t min_n;            /* grant any k with min_n <= k <= max_n, or 0; */
  uint32_t max_n;            /* takes k * cost of each key */
  uint64_t now_mono_ns;      /* the host's reading for this call; never goes back */
  uint64_t deadline_mono_ns; /* when a pending answer is no longer waited for */
} hg_limit_req;

struct hg_limit_result {
  uint32_t size;
  uint32_t granted;        /* items; 0: denied */
  uint64_t grant;          /* the plugin's own, given back in refund(); often the grant's time */
  uint64_t retry_after_ns; /* when denied: not before; 0: unknown */
  uint64_t lease_ttl_ns;   /* granted items must be used within this time; 0: at once */
  uint32_t denied_key;     /* when denied: index into keys, UINT32_MAX: unknown */
  hg_status status;        /* complete_limit only: below 0 the backend failed after HG_PENDING */
};

typedef struct hg_limiter {
  uint32_t size;
  uint32_t reserved;

  /* [ctl] Before start and on change. rules[] lives until the next on_rules returned HG_OK, or
   * destroy; walk it with HG_AT. Counts are carried over by rule id and key. Every rule index in a
   * later call, refund() included, is one into the new rules. HG_E_UNSUPPORTED: an algorithm it
   * lacks; the old rules stay. */
  hg_status (*on_rules)(hg_instance* self, const hg_limit_rule* rules, size_t n, hg_error* err);

  /* [loop] HG_OK: *out is the answer now (granted may be 0) and NO completion follows.
   * HG_PENDING: the answer comes by complete_limit(op), *out is void; req and its views live until
   * then. Below 0: the backend failed; the operator's on_failure decides. */
  hg_status (*acquire)(hg_instance* self, hg_op op, const hg_limit_req* req, hg_limit_result* out);

  /* [loop] Gives back n items of an earlier grant (n <= granted), with its keys. NULL allowed. Best
   * effort, never blocks, and frees that grant's units only: when they have left the window,
   * nothing happens. */
  void (*refund)(hg_instance* self, uint64_t grant, const hg_limit_key* keys, size_t n_keys,
                 uint32_t n);

  /* [loop] Nobody waits for a pending acquire any more; it must still complete. NULL allowed. */
  void (*cancel)(hg_instance* self, hg_op op);
} hg_limiter;

#ifdef __cplusplus
}
#endif
#endif
