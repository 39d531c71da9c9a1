// Standard output that is known to have arrived: what is printed waits in a buffer, and a full disk
// or a reader that has gone is told only by its flush. The main thread.
#pragma once

#include <string_view>

namespace heliograph::app {

// Throws std::system_error where something that was printed did not arrive.
void flush_output();

// Prints and flushes. False: nobody reads any more (EPIPE), which is a way to end a command that
// goes on for ever; output is clean then. Throws std::system_error for any other fault.
bool print_while_read(std::string_view text);

}  // namespace heliograph::app
