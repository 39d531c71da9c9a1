#include "windows.h"

#include <stdlib.h>
#include <string.h>

static uint32_t bucket_of(hg_str rule, hg_str key) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  size_t i;
  for (i = 0; i < rule.len; ++i) hash = (hash ^ (unsigned char)rule.ptr[i]) * 16777619u;
  for (i = 0; i < key.len; ++i) hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619u;
  return hash % WINDOWS_BUCKETS;
}

static int is(const window* one, hg_str rule, hg_str key) {
  return one->rule_len == rule.len && one->key_len == key.len &&
         (rule.len == 0 || memcmp(one->name, rule.ptr, rule.len) == 0) &&
         (key.len == 0 || memcmp(one->name + rule.len, key.ptr, key.len) == 0);
}

static void forget(window* one, uint64_t now) {
  while (one->oldest != NULL && one->oldest->at + one->length_ns <= now) {
    grant* gone = one->oldest;
    one->used -= gone->units;
    one->oldest = gone->next;
    if (one->oldest == NULL) one->newest = NULL;
    free(gone);
  }
}

static void sweep(windows* all, uint64_t now) {
  size_t i;
  for (i = 0; i < WINDOWS_BUCKETS; ++i) {
    window** at = &all->buckets[i];
    while (*at != NULL) {
      window* one = *at;
      forget(one, now);
      if (one->oldest != NULL) {
        at = &one->next;
      } else {
        *at = one->next;
        free(one);
        --all->n;
      }
    }
  }
  all->sweep_at = all->n < 512 ? 1024 : all->n * 2;
  all->sweep_after = now + 1000000000u;
}

window* windows_find(windows* all, hg_str rule, hg_str key) {
  window* one = all->buckets[bucket_of(rule, key)];
  while (one != NULL && !is(one, rule, key)) one = one->next;
  return one;
}

window* windows_get(windows* all, const hg_limit_rule* rule, hg_str key, uint64_t now) {
  window* one = windows_find(all, rule->id, key);
  if (one == NULL) {
    const uint32_t bucket = bucket_of(rule->id, key);
    if (all->n >= all->max) return NULL;
    one = calloc(1, sizeof(*one) + rule->id.len + key.len + 1);
    if (one == NULL) return NULL;
    one->rule_len = rule->id.len;
    one->key_len = key.len;
    if (rule->id.len > 0) memcpy(one->name, rule->id.ptr, rule->id.len);
    if (key.len > 0) memcpy(one->name + rule->id.len, key.ptr, key.len);
    one->next = all->buckets[bucket];
    all->buckets[bucket] = one;
    ++all->n;
  }
  one->length_ns = rule->window_ns;
  forget(one, now);
  return one;
}

void windows_make_room(windows* all, uint64_t now) {
  if (all->n >= all->sweep_at || (all->n >= all->max && now >= all->sweep_after)) sweep(all, now);
}

void windows_free(windows* all) {
  size_t i;
  for (i = 0; i < WINDOWS_BUCKETS; ++i) {
    while (all->buckets[i] != NULL) {
      window* one = all->buckets[i];
      all->buckets[i] = one->next;
      forget(one, UINT64_MAX);
      free(one);
    }
  }
}

int window_add(window* one, uint64_t now, uint64_t units) {
  if (one->newest == NULL || one->newest->at != now) {
    grant* fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) return 0;
    fresh->at = now;
    if (one->newest == NULL) one->oldest = fresh;
    if (one->newest != NULL) one->newest->next = fresh;
    one->newest = fresh;
  }
  one->newest->units += units;
  one->used += units;
  return 1;
}

void window_refund(window* one, uint64_t at, uint64_t units) {
  grant* noted;
  for (noted = one->oldest; noted != NULL && noted->at <= at; noted = noted->next) {
    if (noted->at != at) continue;
    if (units > noted->units) units = noted->units;
    noted->units -= units;
    one->used -= units;
    return;
  }
}

uint64_t window_wait(const window* one, uint64_t now, uint64_t units) {
  const grant* noted;
  for (noted = one->oldest; noted != NULL; noted = noted->next) {
    if (noted->units >= units) return noted->at + one->length_ns - now;
    units -= noted->units;
  }
  return 0;
}
