/* HG_MUTANT("name"): true in a mutated build that was started with HELIOGRAPH_MUTANT=name. run.py
 * puts this header into the files it mutates, and only there: the tree itself knows nothing of it.
 *
 * The gateway refuses unknown HELIOGRAPH_ variables, so the harness of the Python tests hands the
 * name on as HG_MUTANT.
 */
#ifndef HELIOGRAPH_TESTS_MUTANTS_MUTANT_H
#define HELIOGRAPH_TESTS_MUTANTS_MUTANT_H

#include <stdlib.h>
#include <string.h>

static inline int hg_mutant_is_on(const char* name) {
  const char* wanted = getenv("HG_MUTANT");
  if (wanted == 0) wanted = getenv("HELIOGRAPH_MUTANT");
  return wanted != 0 && strcmp(wanted, name) == 0;
}

#ifdef __cplusplus
/* The environment is read once for each place. */
#define HG_MUTANT(name)                                          \
  ([]() -> bool {                                                \
    static const bool hg_mutant_on = hg_mutant_is_on(name) != 0; \
    return hg_mutant_on;                                         \
  }())
#else
#define HG_MUTANT(name) hg_mutant_is_on(name)
#endif

#endif
