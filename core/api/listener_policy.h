// ListenerPolicy: which routes a listener serves, by the roles the configuration gave it
// (ListenerAccess in core/api/api.h says the rule). Immutable; thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "core/api/api.h"

namespace heliograph::api {

enum class Role : std::uint8_t { kAny, kApi, kAdmin, kMetrics };  // kAny: the health pages

class ListenerPolicy {
 public:
  explicit ListenerPolicy(std::vector<ListenerAccess> listeners);

  bool serves(std::string_view listener, Role role) const;
  bool trusted(std::string_view listener) const;
  bool is_for_metrics(std::string_view listener) const;  // has the role by name
  bool tls(std::string_view listener) const;

 private:
  bool serves_metrics(const ListenerAccess& listener) const;
  const ListenerAccess* find(std::string_view listener) const;

  std::vector<ListenerAccess> listeners_;
  bool roles_given_ = false;    // some listener has roles
  bool admin_apart_ = false;    // some listener has the role "admin"
  bool metrics_apart_ = false;  // some listener has the role "metrics"
};

}  // namespace heliograph::api
