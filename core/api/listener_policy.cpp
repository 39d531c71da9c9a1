#include "core/api/listener_policy.h"

#include <algorithm>
#include <utility>

namespace heliograph::api {
namespace {

bool has_role(const ListenerAccess& listener, std::string_view role) {
  return std::ranges::find(listener.roles, role) != listener.roles.end();
}

}  // namespace

ListenerPolicy::ListenerPolicy(std::vector<ListenerAccess> listeners)
    : listeners_(std::move(listeners)) {
  admin_apart_ = std::ranges::any_of(listeners_, [](const ListenerAccess& listener) {
    return !listener.trusted && has_role(listener, "admin");
  });
}

const ListenerAccess* ListenerPolicy::find(std::string_view listener) const {
  const auto found = std::ranges::find(listeners_, listener, &ListenerAccess::name);
  return found == listeners_.end() ? nullptr : &*found;
}

bool ListenerPolicy::serves(std::string_view listener, Role role) const {
  if (role == Role::kAny) return true;
  const ListenerAccess* access = find(listener);
  if (access == nullptr || access->roles.empty()) {
    const bool operators_own = access != nullptr && access->trusted;
    return role == Role::kApi || !admin_apart_ || operators_own;
  }
  return has_role(*access, role == Role::kAdmin ? "admin" : "api");
}

bool ListenerPolicy::trusted(std::string_view listener) const {
  const ListenerAccess* access = find(listener);
  return access != nullptr && access->trusted;
}

bool ListenerPolicy::tls(std::string_view listener) const {
  const ListenerAccess* access = find(listener);
  return access != nullptr && access->tls;
}

}  // namespace heliograph::api
