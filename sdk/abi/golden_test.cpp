/* Compiles or does not: every golden file that was ever released must. */
#include "golden_asserts.h"

#include "golden/1_0.h"
#include "golden/1_0_scalars.h"
