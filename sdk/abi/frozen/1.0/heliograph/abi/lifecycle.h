/* The life of an instance, the same for every kind.
 *
 *   create -> start -> (work) -> drain -> stop -> destroy
 *
 * A slot that does nothing may be NULL, except create and destroy. start, drain and stop may return
 * HG_PENDING and complete(op) later. destroy() may follow create() directly (a configuration
 * check), and stop() may come without drain() (a fast exit). Budgets: create 1 s, start 30 s, drain
 * as the operator says, stop 5 s; an instance that overruns is abandoned and reported, the gateway
 * goes on. */
#ifndef HG_ABI_LIFECYCLE_H
#define HG_ABI_LIFECYCLE_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>
#include <heliograph/abi/module.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hg_lifecycle {
  uint32_t size;
  uint32_t reserved;

  /* [ctl] Checks what the schema cannot, allocates. No input or output, no threads: it also runs
   * offline. On error *out stays NULL and err says which key is wrong. cfg, and every string read
   * from it, lives until destroy(), so there is nothing to copy. */
  hg_status (*create)(const hg_host* host, const hg_component* component, const hg_config* cfg,
                      hg_instance** out, hg_error* err);

  /* [ctl] Connects, starts threads. A start still pending at its deadline is followed by stop(),
   * which completes both ops. */
  hg_status (*start)(hg_instance* self, hg_op op, uint64_t deadline_mono_ns, hg_error* err);

  /* [ctl] Applies changed x-reloadable keys in place. HG_E_UNSUPPORTED (or a NULL slot): the host
   * replaces the instance instead. Once HG_OK was returned the new cfg lives until destroy(), and
   * so does the old one. */
  hg_status (*reconfigure)(hg_instance* self, const hg_config* cfg, hg_error* err);

  /* [ctl] Takes no new work, finishes what is in flight before the deadline, then completes op.
   * NULL: the host stops calling send, pick and acquire, and waits for the ops in flight itself. */
  hg_status (*drain)(hg_instance* self, hg_op op, uint64_t deadline_mono_ns);

  /* [ctl] Gives up: completes every op it still has (HG_UNKNOWN where a message may be out),
   * closes. NULL: the host cancels this instance's requests and watches, and lets their callbacks
   * complete the ops. */
  hg_status (*stop)(hg_instance* self, hg_op op, uint64_t deadline_mono_ns);

  /* [ctl] Joins own threads and frees. No host call after it returns. */
  void (*destroy)(hg_instance* self);

  /* [any] A plugin side extension by its id, or NULL. Static storage, or valid until destroy(). */
  const void* (*get_extension)(hg_instance* self, const char* id);
} hg_lifecycle;

#ifdef __cplusplus
}
#endif
#endif
