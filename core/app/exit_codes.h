// What the process's exit status means. Documented in docs/operating.md; scripts and units rely on
// it.
#pragma once

namespace heliograph::app {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRuntime = 1;  // something failed while running
inline constexpr int kExitUsage = 2;    // the command line is wrong
inline constexpr int kExitFatalCommit =
    70;  // the store could not commit (EX_SOFTWARE): restart recovers
inline constexpr int kExitLocked = 75;  // another process holds the database (EX_TEMPFAIL)
inline constexpr int kExitConfig = 78;  // the configuration is wrong (EX_CONFIG)

}  // namespace heliograph::app
