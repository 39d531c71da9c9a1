// EXPECT(condition): notes a failure with its place; failures() is main's exit status.
#pragma once

#include <cstdio>

inline int& failures() {
  static int count = 0;
  return count;
}

#define EXPECT(condition)                                                          \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures();                                                                \
    }                                                                              \
  } while (false)
