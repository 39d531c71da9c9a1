/* Distributors: components that choose which of the possible providers gets the next message.
 *
 * The host filters (channel, route, health, window) and guards: the distributor only weighs. One
 * instance serves one set of candidates; it keeps what it needs between calls and is told how each
 * choice ended. */
#ifndef HG_ABI_DISTRIBUTOR_H
#define HG_ABI_DISTRIBUTOR_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>
#include <heliograph/abi/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_CAND_UP 0u
#define HG_CAND_PROBING 1u  /* half-open: the host lets a few through */
#define HG_CAND_DOWN 2u     /* unhealthy; always excluded too */
#define HG_CAND_DRAINING 3u /* leaving; always excluded too */

typedef struct hg_candidate {
  uint32_t size;
  uint32_t state; /* HG_CAND_* */
  uint64_t id;    /* the same provider keeps it in every snapshot */
  hg_str name;
  uint32_t weight;      /* 0: never picked */
  uint32_t priority;    /* a lower number comes first */
  uint64_t cost_micros; /* price of one message, in millionths of the currency */
} hg_candidate;

typedef struct hg_candidate_set {
  uint32_t size;
  uint32_t n;
  uint64_t epoch;
  const hg_candidate* items; /* walk with HG_AT */
} hg_candidate_set;

typedef struct hg_pick {
  uint32_t size;
  uint32_t attempt;         /* of the message, 1 for the first */
  uint64_t now_mono_ns;     /* the host's reading for this call; never goes back */
  uint64_t epoch;           /* of the last on_candidates */
  uint64_t key_hash;        /* equal for messages that should stay together: sticky routing */
  const hg_message* msg;    /* may be NULL */
  const uint64_t* excluded; /* bit i of word i/64 set: items[i] must not be chosen */
  size_t n_words;           /* the words cover all candidates, bits beyond the last are 0 */
  const uint32_t* inflight; /* one per candidate, a hint of load; may be NULL */
} hg_pick;

#define HG_PICK_NONE UINT32_MAX

typedef struct hg_distributor {
  uint32_t size;
  uint32_t reserved;

  /* [loop] A new immutable snapshot; the old one stays valid until this returns HG_OK. Rebuild
   * tables here, not in pick; carry state over by id. On error the old snapshot stays in use. */
  hg_status (*on_candidates)(hg_instance* self, const hg_candidate_set* set);

  /* [loop] The hot path: no allocation, no lock, no host call but now_mono_ns and metric_add.
   * *index and *token are HG_PICK_NONE and 0 on entry; leaving them: none fits. An error, or an
   * index out of range or excluded, is misbehaviour: the host uses its own fallback, counts it, and
   * sends no on_result. */
  hg_status (*pick)(hg_instance* self, const hg_pick* request, uint32_t* index, uint64_t* token);

  /* [loop] Exactly once per pick that chose, in any order; outcome HG_SENT .. HG_NOT_TRIED; the
   * candidate by its id: the epoch may differ. latency_ns: from send() to the completion. NULL
   * allowed. */
  void (*on_result)(hg_instance* self, uint64_t token, uint64_t candidate_id, uint32_t outcome,
                    uint64_t latency_ns);
} hg_distributor;

#ifdef __cplusplus
}
#endif
#endif
