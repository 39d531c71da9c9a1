/* hg.http-client/1 (host side): HTTP exchanges over pooled connections.
 *
 * The host owns connections, TLS, proxy, tracing and metrics; the operator sets pool size, connect
 * timeout, certificate authority and proxy in the instance's own `http` table, which every
 * component that uses this extension has. Redirects are not followed. A pooled connection that
 * fails below HG_HTTP_WRITTEN is replaced, once and within the deadline: the peer cannot have
 * acted. Nothing else is sent twice, but see HG_HTTP_F_SAFE_TO_RESEND.
 *
 * `progress` tells how far the request got, and is what an outcome may be derived from:
 *   below HG_HTTP_WRITTEN  the peer cannot have acted on it               -> HG_RETRY
 *   HG_HTTP_WRITTEN        it may have                                    -> HG_UNKNOWN
 *   HG_HTTP_HEAD and above the status code says; below HG_HTTP_COMPLETE the body is cut off
 *
 * A request made inside a provider's send() is begun while the permit of that send is fresh, or
 * ends below HG_HTTP_WRITTEN with HG_E_DEADLINE: a connection was not ready in time. Complete the
 * op with HG_RETRY as always; the host takes it for not tried, gets a new permit and sends again,
 * by then over the connection it went on opening. Nothing of this holds for requests made later,
 * so make the one that carries the message inside send(). */
#ifndef HG_ABI_EXT_HTTP_CLIENT_H
#define HG_ABI_EXT_HTTP_CLIENT_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_HTTP_CLIENT "hg.http-client/1"

/* Progress of an exchange.
 *
 * NOT_CONNECTED  resolve, connect, proxy, TLS, or waiting for a pooled connection
 * NOT_WRITTEN    connected; the last byte was not handed to the kernel
 * WRITTEN        the whole request was; no complete response head came back
 * HEAD           status and headers are complete, the body is not
 * COMPLETE       the body is complete too */
#define HG_HTTP_NOT_CONNECTED 0u
#define HG_HTTP_NOT_WRITTEN 1u
#define HG_HTTP_WRITTEN 2u
#define HG_HTTP_HEAD 3u
#define HG_HTTP_COMPLETE 4u

/* Flags of a request.
 *
 * SAFE_TO_RESEND  the peer dedupes: when a connection that was kept open turns out to be closed
 *                 before any byte of a response, send once more on a new one
 * NO_REUSE        use a new connection and close it afterwards */
#define HG_HTTP_F_SAFE_TO_RESEND (1u << 0)
#define HG_HTTP_F_NO_REUSE (1u << 1)

/* Flags of a response.
 *
 * REUSED     the connection had carried earlier requests
 * RESENT     this was the second try under SAFE_TO_RESEND
 * TRUNCATED  the body was cut at body_max; status is HG_E_LIMIT */
#define HG_HTTP_R_REUSED (1u << 0)
#define HG_HTTP_R_RESENT (1u << 1)
#define HG_HTTP_R_TRUNCATED (1u << 2)

typedef struct hg_http_request {
  uint32_t size;
  uint32_t flags; /* HG_HTTP_F_* */
  hg_str method;
  hg_str url;           /* absolute http(s) URL, ASCII: percent-encoded, punycode */
  const hg_kv* headers; /* Host, Content-Length, Connection are the host's: HG_E_CONFIG */
  size_t n_headers;
  hg_str body;
  uint64_t deadline_mono_ns; /* for the whole exchange, waiting for a connection included */
  uint64_t body_max;         /* bytes of the response's body; 0: 1 MiB */
} hg_http_request;

typedef struct hg_http_response {
  uint32_t size;
  uint32_t flags; /* HG_HTTP_R_* */
  hg_id id;
  hg_status status;  /* HG_OK if and only if progress is COMPLETE; else HG_E_IO, _AUTH (TLS),
                      * _DEADLINE,  _CANCELLED, _LIMIT, or _ABI: the peer does not speak HTTP */
  uint32_t progress; /* HG_HTTP_NOT_CONNECTED .. HG_HTTP_COMPLETE */
  uint32_t code;     /* 200 .. 599; 0 below HG_HTTP_HEAD */
  uint32_t reserved;
  hg_str detail;        /* for logs: "connect 10.0.0.1:443: connection refused" */
  const hg_kv* headers; /* names in lower case, in order, repeated ones kept */
  size_t n_headers;
  hg_str body;       /* transfer coding removed, content coding not */
  uint64_t total_ns; /* the exchange */
  uint64_t wait_ns;  /* of that, waiting for a connection to be free or made */
} hg_http_response;

/* Called in [loop]; the response and its views live for the call. */
typedef void (*hg_http_fn)(void* arg, uint64_t tag, const hg_http_response* response);

typedef struct hg_http_client {
  uint32_t size;
  uint32_t reserved;

  /* [loop] Everything in the request is copied. HG_OK: done is called exactly once, later, whatever
   * happens. HG_E_BUSY: the instance's queue is full; HG_E_CONFIG: url or headers are malformed;
   * HG_E_STATE: after stop(); HG_E_DEADLINE: it is past. Those mean that nothing was sent and done
   * is not called. id may be NULL. */
  hg_status (*request)(const hg_host* host, const hg_http_request* request, hg_http_fn done,
                       void* arg, uint64_t tag, hg_id* id);

  /* [loop] done still comes, with HG_E_CANCELLED and the progress made, or with the answer that
   * won. */
  hg_status (*cancel)(const hg_host* host, hg_id id);
} hg_http_client;

#ifdef __cplusplus
}
#endif
#endif
