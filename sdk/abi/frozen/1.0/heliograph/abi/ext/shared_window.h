/* hg.shared-window/1 (plugin side, limiters): counts shared between gateways.
 *
 * Success and failure counts per key over a sliding window in the limiter's backend, for health.
 * One call adds what this gateway saw since the last and reads the totals, in one round trip. */
#ifndef HG_ABI_EXT_SHARED_WINDOW_H
#define HG_ABI_EXT_SHARED_WINDOW_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_SHARED_WINDOW "hg.shared-window/1"

typedef struct hg_window_item {
  uint32_t size;
  uint32_t reserved;
  hg_str key;
  uint64_t add_ok;
  uint64_t add_failed;
} hg_window_item;

/* Over the window and over all gateways, the additions included. Frozen: out-array. */
typedef struct hg_window_totals {
  uint64_t ok;
  uint64_t failed;
} hg_window_totals;

typedef struct hg_shared_window {
  uint32_t size;
  uint32_t reserved;

  /* [loop] items walk with HG_AT and live, as out[n] does, until the call returned HG_OK or below
   * 0, or complete(op). Exact to a bucket of bucket_ns, of which window_ns is a multiple. HG_OK,
   * HG_PENDING and errors mean what they mean in acquire; after HG_E_DEADLINE the additions may
   * have been made. */
  hg_status (*exchange)(hg_instance* self, hg_op op, uint64_t window_ns, uint64_t bucket_ns,
                        uint64_t deadline_mono_ns, const hg_window_item* items, size_t n,
                        hg_window_totals* out);

  /* [loop] Forgets a key. Best effort. */
  hg_status (*reset)(hg_instance* self, hg_str key);
} hg_shared_window;

#ifdef __cplusplus
}
#endif
#endif
