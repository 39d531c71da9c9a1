#include "json.h"

#include <stdlib.h>
#include <string.h>

static void append(json_object* object, const char* text, size_t len) {
  if (object->failed) return;
  if (object->len + len > object->capacity) {
    size_t capacity = 2 * (object->len + len) + 128;
    char* grown = realloc(object->text, capacity);
    if (grown == NULL) {
      object->failed = 1;
      return;
    }
    object->text = grown;
    object->capacity = capacity;
  }
  memcpy(object->text + object->len, text, len);
  object->len += len;
}

static void append_escaped(json_object* object, hg_str value) {
  static const char hex[] = "0123456789abcdef";
  size_t i;
  for (i = 0; i < value.len; ++i) {
    const unsigned char c = (unsigned char)value.ptr[i];
    if (c == '"' || c == '\\') append(object, "\\", 1);
    if (c < 0x20) {
      char escape[6] = {'\\', 'u', '0', '0', '0', '0'};
      escape[4] = hex[c >> 4];
      escape[5] = hex[c & 15];
      append(object, escape, sizeof(escape));
    } else {
      append(object, value.ptr + i, 1);
    }
  }
}

void json_add(json_object* object, const char* name, hg_str value) {
  append(object, object->len == 0 ? "{\"" : ",\"", 2);
  append(object, name, strlen(name));
  append(object, "\":\"", 3);
  append_escaped(object, value);
  append(object, "\"", 1);
}

hg_str json_end(json_object* object) {
  hg_str view;
  append(object, object->len == 0 ? "{}" : "}", object->len == 0 ? 2 : 1);
  view.ptr = object->text;
  view.len = object->len;
  return view;
}

/* ---- reading: a cursor that every function moves forward; at end: malformed, so nothing is found
 */
typedef struct cursor {
  const char* at;
  const char* end;
} cursor;

static void skip_space(cursor* c) {
  while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL && *c->at != '\0') ++c->at;
}

static int take(cursor* c, char expected) {
  if (c->at >= c->end || *c->at != expected) return 0;
  ++c->at;
  return 1;
}

/* Moves behind a string; the view is what stands between its quotes, escapes and all. */
static int take_string(cursor* c, hg_str* inside) {
  if (!take(c, '"')) return 0;
  inside->ptr = c->at;
  while (c->at < c->end && *c->at != '"') {
    c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
  }
  inside->len = (size_t)(c->at - inside->ptr);
  return take(c, '"');
}

/* Moves behind any value. Brackets are counted, not matched: a peer that mixes them up gets nothing
 * worse than an answer without an id. */
static void skip_value(cursor* c) {
  int depth = 0;
  hg_str ignored;
  while (c->at < c->end) {
    const char here = *c->at;
    if (here == '"') {
      if (!take_string(c, &ignored)) return;
      if (depth == 0) return;
      continue;
    }
    if (depth == 0 && (here == ',' || here == '}')) return;
    if (here == '{' || here == '[') ++depth;
    if (here == '}' || here == ']') --depth;
    ++c->at;
    if (depth == 0 && (here == '}' || here == ']')) return;
  }
}

/* Strings without escapes, and numbers: all that ids are made of. */
static size_t copy_scalar(cursor* c, char* out, size_t capacity) {
  hg_str text = {NULL, 0};
  if (c->at < c->end && *c->at == '"') {
    if (!take_string(c, &text) || memchr(text.ptr, '\\', text.len) != NULL) return 0;
  } else {
    text.ptr = c->at;
    while (c->at < c->end && strchr("0123456789-+.eE", *c->at) != NULL && *c->at != '\0') ++c->at;
    text.len = (size_t)(c->at - text.ptr);
  }
  if (text.len > capacity) return 0;
  memcpy(out, text.ptr, text.len);
  return text.len;
}

size_t json_member(hg_str document, hg_str name, char* out, size_t capacity) {
  cursor c;
  if (document.len == 0) return 0;
  c.at = document.ptr;
  c.end = document.ptr + document.len;
  skip_space(&c);
  if (!take(&c, '{')) return 0;
  do {
    hg_str key;
    skip_space(&c);
    if (!take_string(&c, &key)) return 0;
    skip_space(&c);
    if (!take(&c, ':')) return 0;
    skip_space(&c);
    if (key.len == name.len && memcmp(key.ptr, name.ptr, key.len) == 0) {
      return copy_scalar(&c, out, capacity);
    }
    skip_value(&c);
    skip_space(&c);
  } while (take(&c, ','));
  return 0;
}
