/* hg.ingress/1 (both sides): requests that a provider sends to /v1/providers/{id}/events.
 *
 * The host reads the request whole (bounded, TLS and framing done) and hands it over raw:
 * signatures are made over raw bytes. The plugin verifies, parses, and answers with the events it
 * found; the host stores these first and sends the answer when they are durable. If they cannot be,
 * it answers 503 instead, so that the peer repeats: a 2xx is never sent for an event that could be
 * lost. */
#ifndef HG_ABI_EXT_INGRESS_H
#define HG_ABI_EXT_INGRESS_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>
#include <heliograph/abi/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_INGRESS "hg.ingress/1"

/* From this machine over loopback, through no proxy and under a local Host name: what a plugin may
 * believe without a signature. */
#define HG_INGRESS_F_LOCAL (1u << 0)

/* Views live until answer(op). */
typedef struct hg_ingress_request {
  uint32_t size;
  uint32_t flags; /* HG_INGRESS_F_* */
  hg_str method;
  hg_str target;        /* as received */
  hg_str url;           /* as the peer saw it, in front of our proxies */
  hg_str peer;          /* address of the peer, or as a trusted proxy reports it */
  const hg_kv* headers; /* names in lower case, in order */
  size_t n_headers;
  hg_str body;
  uint64_t deadline_mono_ns; /* after it the host answers 504 and answer() is HG_E_STALE */
} hg_ingress_request;

/* Everything is copied. */
typedef struct hg_ingress_answer {
  uint32_t size;
  uint32_t code; /* 200 .. 599 */
  const hg_kv* headers;
  size_t n_headers;
  hg_str body;
  const hg_event* const* events; /* stored together, or none of them */
  size_t n_events;
} hg_ingress_answer;

/* The plugin's side, from hg_lifecycle.get_extension. */
typedef struct hg_ingress {
  uint32_t size;
  uint32_t reserved;

  /* [loop] HG_OK or HG_PENDING: answer(op) has been or will be called, once. Below 0: the host
   * answers 500. */
  hg_status (*handle)(hg_instance* self, hg_op op, const hg_ingress_request* request);
} hg_ingress;

/* The host's side, from hg_host.get_extension under the same id. */
typedef struct hg_ingress_host {
  uint32_t size;
  uint32_t reserved;

  /* [any] May be called inside handle(). HG_E_STALE: answered already, or too late. */
  hg_status (*answer)(const hg_host* host, hg_op op, const hg_ingress_answer* answer);
} hg_ingress_host;

#ifdef __cplusplus
}
#endif
#endif
