// The hg_host of an instance: the functions of abi/host.h, bound to the host's side of it. Each
// checks who calls, copies what it is given, and hands over to the part that does the work.
#pragma once

#include <heliograph/abi/host.h>

namespace heliograph::plugin {

class Instance;

// `host` is part of `instance` and lives as long.
void fill_host(hg_host& host, Instance& instance);

}  // namespace heliograph::plugin
