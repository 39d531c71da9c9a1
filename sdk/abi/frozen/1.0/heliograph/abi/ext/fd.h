/* hg.fd/1 (host side): readiness of a descriptor of the plugin's own, without a thread of its own.
 *
 * Level-triggered: fn is called again while the condition lasts and interest is set. The plugin
 * owns the descriptor, makes it non-blocking, and calls unwatch() before it closes it. HG_FD_ERROR
 * is told without being asked for, and ends no watch. Interest may be 0: paused. */
#ifndef HG_ABI_EXT_FD_H
#define HG_ABI_EXT_FD_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXT_FD "hg.fd/1"

#define HG_FD_READ (1u << 0)
#define HG_FD_WRITE (1u << 1)
#define HG_FD_ERROR (1u << 2) /* error or hang-up; reads and writes will report it */

/* Called in [loop] with the HG_FD_* bits that hold. */
typedef void (*hg_fd_fn)(void* arg, uint64_t tag, uint32_t ready);

typedef struct hg_fd {
  uint32_t size;
  uint32_t reserved;

  /* [loop] HG_E_STATE: fd is already watched; HG_E_IO: the kernel cannot poll it (a plain file). */
  hg_status (*watch)(const hg_host* host, int32_t fd, uint32_t interest, hg_fd_fn fn, void* arg,
                     uint64_t tag, hg_id* id);

  /* [loop] Cheap enough for every change of mind. HG_E_STALE: no such watch. */
  hg_status (*interest)(const hg_host* host, hg_id id, uint32_t interest);

  /* [loop] fn is not called again. May be called inside fn. HG_E_STALE: no such watch. */
  hg_status (*unwatch)(const hg_host* host, hg_id id);
} hg_fd;

#ifdef __cplusplus
}
#endif
#endif
