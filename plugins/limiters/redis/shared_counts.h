// Success and failure counts of providers, shared by all gateways through Redis: a hash for each
// key, a field for each slice of time, expiring with the window. [loop]
#pragma once

#include <string_view>

#include <heliograph/shared_window.hpp>

#include "plugins/limiters/redis/connection.h"

namespace heliograph::plugins::redis {

class SharedCounts {
 public:
  SharedCounts(const Settings& settings, Connection& connection)
      : settings_(settings), connection_(connection) {}

  void exchange(const sdk::SharedCounts& counts, sdk::SharedTicket ticket);
  void reset(std::string_view key);

 private:
  std::string name(std::string_view key) const;

  const Settings& settings_;
  Connection& connection_;
};

}  // namespace heliograph::plugins::redis
