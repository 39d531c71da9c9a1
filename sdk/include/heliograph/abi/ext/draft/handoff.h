/* DRAFT, no host asks for it yet. hg.handoff/1 (plugin side): state carried across a reload.
 *
 * The host holds back all work of the old instance from before export_state until the new one has
 * taken over or the old one is resumed, so nothing is granted twice or lost in between. Neither
 * side blocks for more than the reload's budget (default 200 ms). An import that fails leaves the
 * new instance empty. A limiter can do without: the host keeps its successor to what it saw granted
 * for one window. */
#ifndef HG_ABI_EXT_DRAFT_HANDOFF_H
#define HG_ABI_EXT_DRAFT_HANDOFF_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_HANDOFF "hg.handoff/1"

/* The host's; valid for the call. */
typedef struct hg_sink {
  uint32_t size;
  uint32_t reserved;
  void* priv;

  /* [ctl] Copied. HG_E_LIMIT: more than the host keeps. */
  hg_status (*write)(const struct hg_sink* sink, const void* data, size_t len);
} hg_sink;

typedef struct hg_handoff {
  uint32_t size;
  uint32_t reserved;

  /* [ctl] Of the old instance. *format names the bytes, "acme.memory-limiter/1": static storage.
   * Times in the state are now_mono_ns of the same process. */
  hg_status (*export_state)(hg_instance* self, const hg_sink* sink, hg_str* format);

  /* [ctl] Of the new instance, after start. HG_E_UNSUPPORTED: unknown format. Untrusted input. */
  hg_status (*import_state)(hg_instance* self, hg_str format, const void* data, size_t len);
} hg_handoff;

#ifdef __cplusplus
}
#endif
#endif
