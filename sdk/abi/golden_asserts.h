/* What the lines of a golden file assert, in C99 and in C++20. */
#ifndef HG_GOLDEN_ASSERTS_H
#define HG_GOLDEN_ASSERTS_H

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/fd.h>
#include <heliograph/abi/ext/http_client.h>
#include <heliograph/abi/ext/ingress.h>
#include <heliograph/abi/ext/shared_window.h>

#ifdef __cplusplus
#include <string_view>
#include <type_traits>
#define HG_GOLDEN(name, condition) static_assert(condition, #name);
#define HG_GOLDEN_SAME_TYPE(a, ...) (std::is_same_v<a, __VA_ARGS__>)
#define HG_GOLDEN_FIELD_TYPE(s, f) decltype(s::f)
#define HG_GOLDEN_TEXT(name, text) HG_GOLDEN(text_##name, std::string_view(name) == text)
#else
/* C99 has no static assertion: an array of a negative size is an error too. */
#define HG_GOLDEN(name, condition) typedef char hg_golden_##name[(condition) ? 1 : -1];
#define HG_GOLDEN_SAME_TYPE(a, ...) __builtin_types_compatible_p(a, __VA_ARGS__)
#define HG_GOLDEN_FIELD_TYPE(s, f) __typeof__(((s*)0)->f)
/* C cannot compare strings while it compiles; the C++ half does. */
#define HG_GOLDEN_TEXT(name, text) HG_GOLDEN(text_##name, sizeof(name) == sizeof(text))
#endif

#define HG_GOLDEN_FROZEN(s, bytes) HG_GOLDEN(s, sizeof(s) == (bytes))
#define HG_GOLDEN_GROWS(s, bytes, minor) \
  HG_GOLDEN(s, HG_ABI_MINOR == (minor) ? sizeof(s) == (bytes) : sizeof(s) >= (bytes))
#define HG_GOLDEN_FIELD(s, f, bytes, ...)            \
  HG_GOLDEN(s##_##f##_at, offsetof(s, f) == (bytes)) \
  HG_GOLDEN(s##_##f##_type, HG_GOLDEN_SAME_TYPE(HG_GOLDEN_FIELD_TYPE(s, f), __VA_ARGS__))
#define HG_GOLDEN_TYPEDEF(name, ...) HG_GOLDEN(name, HG_GOLDEN_SAME_TYPE(name, __VA_ARGS__))
#define HG_GOLDEN_CONSTANT(name, value) HG_GOLDEN(constant_##name, (name) == (value))
#define HG_GOLDEN_MINOR(minor) HG_GOLDEN(abi_minor, HG_ABI_MINOR >= (minor))

#endif
