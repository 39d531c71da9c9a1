/* DRAFT, no host offers it yet. hg.stream/1 (host side): a TCP or TLS byte stream, for SMPP and
 * SMTP.
 *
 * open -> on_open -> (on_data, on_drained)* -> on_close, each [loop]. on_close comes exactly once
 * for each stream that open() accepted, also when it never opened, and is the last call. */
#ifndef HG_ABI_EXT_DRAFT_STREAM_H
#define HG_ABI_EXT_DRAFT_STREAM_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_STREAM "hg.stream/1"

#define HG_STREAM_PLAIN 0u
#define HG_STREAM_TLS 1u      /* from the first byte */
#define HG_STREAM_STARTTLS 2u /* plain now; start_tls() later */

/* Static storage in the plugin; all slots but on_close may be NULL. */
typedef struct hg_stream_events {
  uint32_t size;
  uint32_t reserved;

  /* [loop] Connected; after start_tls: again. */
  void (*on_open)(void* arg, uint64_t tag, hg_id id);

  /* [loop] Everything received and not yet consumed. Returns how many bytes were consumed; the rest
   * is shown again together with what comes next, so a parser of frames keeps no buffer. Returning
   * 0 with input_max bytes buffered closes the stream with HG_E_LIMIT. */
  size_t (*on_data)(void* arg, uint64_t tag, hg_id id, hg_str data);

  /* [loop] All written data was handed to the kernel. */
  void (*on_drained)(void* arg, uint64_t tag, hg_id id);

  /* [loop] HG_OK: the peer closed in order. unwritten: bytes of write() the kernel never got. */
  void (*on_close)(void* arg, uint64_t tag, hg_id id, hg_status why, hg_str detail,
                   uint64_t unwritten);
} hg_stream_events;

typedef struct hg_stream_options {
  uint32_t size;
  uint32_t mode; /* HG_STREAM_* */
  hg_str host;   /* name or address; also SNI and the name that is verified */
  uint32_t port;
  uint32_t reserved;
  uint64_t deadline_mono_ns; /* for connecting, TLS included */
  uint64_t idle_timeout_ns;  /* nothing received for so long: HG_E_DEADLINE; 0: none */
  uint64_t input_max;        /* bytes buffered; 0: 64 KiB */
  uint64_t output_max;       /* bytes buffered; 0: 1 MiB */
} hg_stream_options;

typedef struct hg_stream {
  uint32_t size;
  uint32_t reserved;

  /* [loop] The options are copied. */
  hg_status (*open)(const hg_host* host, const hg_stream_options* options,
                    const hg_stream_events* events, void* arg, uint64_t tag, hg_id* id,
                    hg_error* err);

  /* [loop] All or nothing, copied. HG_E_BUSY: output_max would be passed, wait for on_drained. */
  hg_status (*write)(const hg_host* host, hg_id id, hg_str data);

  /* [loop] paused: 1 or 0. */
  hg_status (*read_pause)(const hg_host* host, hg_id id, uint32_t paused);

  /* [loop] Only in STARTTLS mode, with output drained; input not consumed so far is an error,
   * because it could have been injected (RFC 3207, section 6). */
  hg_status (*start_tls)(const hg_host* host, hg_id id, uint64_t deadline_mono_ns);

  /* [loop] Writes what is queued until the deadline (0: drops it), closes; on_close follows. */
  hg_status (*close)(const hg_host* host, hg_id id, uint64_t deadline_mono_ns);
} hg_stream;

#ifdef __cplusplus
}
#endif
#endif
