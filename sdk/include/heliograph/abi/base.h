/* clang-format off */
/* The Heliograph plugin ABI, version 1: rules, strings, status codes, errors.
 *
 * A plugin is a shared library (libhg_<kind>_<id>.so) that exports one function, hg_plugin_entry_v1
 * (module.h), and imports nothing from the gateway: everything comes through the hg_host it is
 * given (host.h). These headers are the manual; what they do not promise is not promised. C authors
 * include <heliograph/abi/abi.h>; C++ authors find a helper layer over it in <heliograph/sdk.hpp>.
 *
 * RULES (normative; other comments refer to them by number)
 *
 *  R1 Pure C99, LP64. No C++ type, exception, panic or longjmp crosses this boundary. Fixed-width
 *     integers, size_t and double only: no enumerated or truth value types, no bit-fields, no C
 *     integers of unknown width, no variable arguments, no implicit padding in any struct.
 *  R2 Every struct that may grow starts with `uint32_t size`. The side that FILLS the struct sets
 *     it to its own sizeof; the side that READS it uses HG_HAS() and treats what is missing as 0 or
 *     NULL. Fields are only ever appended. Out-structs: the CALLER zeroes them and sets size, the
 *     callee writes only what fits (HG_PUT). Fields of the minor that a module names in
 *     abi_minor_required are always there, in both directions: no HG_HAS and no HG_PUT for those.
 *     An array of sized structs has the stride items[0].size: walk it with HG_AT(), never with [];
 *     elements of out-arrays are never sized. A struct without `size` (hg_str, hg_kv, hg_send_item,
 *     hg_limit_key) is frozen for the life of version 1. Fields named `reserved` and bits of flags
 *     that no header names are 0 from the side that fills them and ignored by the side that reads.
 *  R3 Memory is never freed by the other side. An input view lives until the call returns unless
 *     its comment says otherwise. A string the callee hands back (an out-parameter, a returned
 *     hg_str) says in its comment how long it lives. A call that fails keeps nothing of what it was
 *     given.
 *  R4 Strings are UTF-8 (ptr, len), not NUL terminated; {NULL, 0} is the empty string. The
 *     exceptions are names fixed at compile time (extension ids, configuration paths):
 *     `const char *`, NUL terminated.
 *  R5 Thread tags.
 *     [any]  callable from any thread, concurrently, from create() on until destroy() returns.
 *     [ctl]  control thread, serialized per module, may block up to the start or stop timeout.
 *            While a [ctl] call of an instance runs, no [loop] call of that instance runs: an
 *            instance needs no lock unless it has threads of its own.
 *     [loop] the instance's strand: calls to ONE instance never overlap, the OS thread may change
 *            between calls; must not block, budget 1 ms (distributor 20 us), not counting time
 *            spent inside host functions.
 *            A host function tagged [loop] may be called from a [loop] or a [ctl] call of the
 *            instance that the hg_host belongs to, create() and destroy() excepted, and from
 *            nowhere else.
 *  R6 No re-entrancy: no host function calls back into any plugin before it returns. What it causes
 *     (callbacks, further sends) happens later, from the loop.
 *  R7 Capabilities beyond the core are found by get_extension(id); ids are "hg.<name>/<rev>", third
 *     party "<reverse-dns>.<name>/<rev>"; a new incompatible shape is a new rev, never a changed
 *     struct.
 *  R8 Callbacks take (void *arg, uint64_t tag), both returned untouched: arg is usually the
 *     instance and tag the hg_op, so that work in flight needs no allocation of its own. A callback
 *     that was accepted is called exactly once, or (timers, watches) not at all once its cancel
 *     returned HG_OK. When destroy() begins nothing is outstanding: posted functions have run,
 *     requests have been cancelled and have called back, timers and watches that are left are
 *     dropped without a call.
 *  R9 Durations are relative nanoseconds (the name ends in _ns), deadlines absolute now_mono_ns()
 *     (.._mono_ns). A deadline of 0 means none.
 * R10 The process ignores SIGPIPE, keeps the "C" numeric locale, and never forks without exec. A
 *     module changes no signal handler, signal mask of a host thread, locale, umask, environment or
 *     working directory. */
/* clang-format on */
#ifndef HG_ABI_BASE_H
#define HG_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_ABI_MAJOR 1u /* also in the entry symbol's name; another major is another symbol */
#define HG_ABI_MINOR 0u /* +1 with each release that appends a field or a constant */

#define HG_ABI_VERSION "1.0" /* for people */

#define HG_EXPORT __attribute__((visibility("default")))

/* Is field f inside the struct that p points to, as its filler declared it? (R2) */
#define HG_HAS(p, f) ((p)->size >= offsetof(__typeof__(*(p)), f) + sizeof((p)->f))
/* Writes v to field f of an out-struct if the caller's struct has it; f is no struct. */
#define HG_PUT(p, f, v) ((void)(HG_HAS(p, f) ? ((p)->f = (v), 0) : 0))
/* Element i of an input array of sized structs, whatever their size was to its filler. */
#ifdef __cplusplus
#define HG_AT(items, i)                                                                 \
  (reinterpret_cast<const __typeof__(*(items))*>(reinterpret_cast<const char*>(items) + \
                                                 static_cast<size_t>(i) * (items)->size))
#else
#define HG_AT(items, i) \
  ((const __typeof__(*(items))*)(const void*)((const char*)(items) + (size_t)(i) * (items)->size))
#endif

/* A view of UTF-8 text, or of bytes where a comment says so (bodies). Frozen. */
typedef struct hg_str {
  const char* ptr;
  size_t len;
} hg_str;

/* A name and its value: headers, labels, fields of a log line. Frozen. */
typedef struct hg_kv {
  hg_str key;
  hg_str value;
} hg_kv;

/* Views of a string literal: in static initialisers, and in expressions. */
#define HG_STR_INIT(lit) {(lit), sizeof(lit) - 1}
#ifdef __cplusplus
#define HG_STR(lit) (hg_str{(lit), sizeof(lit) - 1})
#else
#define HG_STR(lit) ((hg_str)HG_STR_INIT(lit))
#endif

/* A unit of work the host waits for: a ticket {slot, generation} of the host's. A late, second or
 * invented completion is detected, counted as misbehaviour and otherwise harmless. Never 0. */
typedef uint64_t hg_op;

/* A host handle of a timer, request or watch. Never 0, never reused. */
typedef uint64_t hg_id;

/* What timers and post() call. Always in [loop]. */
typedef void (*hg_fn)(void* arg, uint64_t tag);

/* 0: ok; below 0: an error; above 0: an outcome that is no error. A negative value the reader does
 * not know means HG_E_INTERNAL. */
typedef int32_t hg_status;

#define HG_OK 0
#define HG_PENDING 1     /* exactly one completion will follow for the op */
#define HG_E_ABI (-1)    /* the other side speaks another version or protocol */
#define HG_E_CONFIG (-2) /* an argument or the configuration is wrong; the text names the key */
#define HG_E_BUSY (-3)   /* not accepted now; no completion follows */
#define HG_E_STATE (-4)  /* not in this state, or not on this thread */
#define HG_E_UNSUPPORTED (-5) /* this side does not do that */
#define HG_E_IO (-6)          /* the network or the disk failed */
#define HG_E_AUTH (-7)        /* credentials or certificates were refused */
#define HG_E_DEADLINE (-8)    /* the time was up */
#define HG_E_CANCELLED (-9)   /* somebody asked for it to stop */
#define HG_E_STALE (-10)      /* op or id unknown, already done, or of a retired generation */
#define HG_E_INTERNAL (-11)   /* a defect of the side that says it */
#define HG_E_PANIC (-12) /* an exception or panic was caught; the host quarantines the instance */
#define HG_E_NOT_FOUND (-13) /* there is no such thing */
#define HG_E_LIMIT (-14)     /* larger than a documented bound; trying again will not help */

#define HG_ERROR_TEXT_MAX 496u /* bytes of hg_error.msg, which needs no NUL */

/* Why a call failed, in words for the operator. Owned by the caller and of fixed size: there is
 * nothing to release, so nothing can outlive a plugin. A pointer to one may be NULL wherever it is
 * an out-parameter. The caller zeroes it and sets size; the callee sets code, msg_len and msg (cut
 * to HG_ERROR_TEXT_MAX). Never put a secret or personal data into it. */
typedef struct hg_error {
  uint32_t size;
  int32_t code;   /* the hg_status that the call returned */
  uint32_t flags; /* 0; none defined yet */
  uint32_t msg_len;
  char msg[496];
} hg_error;

#ifdef __cplusplus
}
#endif
#endif
