// ListenerPolicy: which routes a listener serves, by the roles the configuration gave it
// (ListenerAccess in core/api/api.h says the rule). Immutable; thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "core/api/api.h"

namespace heliograph::api {

enum class Role : std::uint8_t { kAny, kApi, kAdmin };  // kAny: the health pages

class ListenerPolicy {
 public:
  explicit ListenerPolicy(std::vector<ListenerAccess> listeners);

  bool serves(std::string_view listener, Role role) const;
  bool trusted(std::string_view listener) const;
  bool tls(std::string_view listener) const;

 private:
  const ListenerAccess* find(std::string_view listener) const;

  std::vector<ListenerAccess> listeners_;
  bool roles_given_ = false;  // some listener has roles
  bool admin_apart_ = false;  // some listener has the role "admin"
};

}  // namespace heliograph::api
