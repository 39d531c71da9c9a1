/* Just enough JSON for one provider: a growing object, and one string out of an answer. */
#ifndef JSON_H
#define JSON_H

#include <heliograph/abi/abi.h>

/* A JSON object that is being written. Zero it to begin; free text when done. failed: no memory was
 * left, and text is not valid. */
typedef struct json_object {
  char* text;
  size_t len, capacity;
  int failed;
} json_object;

/* Appends "name": "value", escaped. name is plain ASCII. */
void json_add(json_object* object, const char* name, hg_str value);

/* Ends the object; the view lives until text is freed. */
hg_str json_end(json_object* object);

/* Copies the text of the top-level member `name` of a JSON object into out, without the quotes of a
 * string. Returns its length; 0: there is none, it is no string or number, it is longer than
 * capacity, or document is no object. */
size_t json_member(hg_str document, hg_str name, char* out, size_t capacity);

#endif
