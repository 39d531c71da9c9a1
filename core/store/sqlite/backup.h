// Backup: a consistent copy of a database that is being written.
#pragma once

#include <functional>
#include <string>

namespace heliograph::store {

class Connection;

// Copies what `source` sees now to the new file `target` (0600), synced. One read transaction: the
// log cannot be reused meanwhile. `go_on` is asked between pieces of 16 MiB; false ends it. A
// failed copy leaves no file. Throws std::runtime_error with a sentence.
void copy_database(Connection& source, const std::string& target,
                   const std::function<bool()>& go_on);

}  // namespace heliograph::store
