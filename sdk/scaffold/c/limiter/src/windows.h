/* Who was granted what in the last window: a table of windows by rule id and key. One thread. */
#ifndef WINDOWS_H
#define WINDOWS_H

#include <heliograph/abi/abi.h>

typedef struct grant {
  struct grant* next;
  uint64_t at, units;
} grant;

typedef struct window {
  struct window* next; /* in its bucket */
  grant *oldest, *newest;
  uint64_t used, length_ns;
  size_t rule_len, key_len;
  char name[]; /* the rule's id, then the key */
} window;

#define WINDOWS_BUCKETS 4096u

/* Zero it to begin and set max. */
typedef struct windows {
  window* buckets[WINDOWS_BUCKETS];
  size_t n, max, sweep_at;
  uint64_t sweep_after;
} windows;

/* NULL: there is none. */
window* windows_find(windows* all, hg_str rule, hg_str key);
/* Drops idle windows when there are twice as many as were busy, and of a full table once a second:
 * before a question, since it ends pointers. */
void windows_make_room(windows* all, uint64_t now);
/* Made when there is none; old grants forgotten. NULL: too many keys, or no memory. */
window* windows_get(windows* all, const hg_limit_rule* rule, hg_str key, uint64_t now);
void windows_free(windows* all);

/* 0: no memory. */
int window_add(window* one, uint64_t now, uint64_t units);
void window_refund(window* one, uint64_t at, uint64_t units);
/* How long until `units` have left. */
uint64_t window_wait(const window* one, uint64_t now, uint64_t units);

#endif
