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
  for (const ListenerAccess& listener : listeners_) {
    if (listener.trusted) continue;
    roles_given_ = roles_given_ || !listener.roles.empty();
    admin_apart_ = admin_apart_ || has_role(listener, "admin");
    metrics_apart_ = metrics_apart_ || has_role(listener, "metrics");
  }
}

const ListenerAccess* ListenerPolicy::find(std::string_view listener) const {
  const auto found = std::ranges::find(listeners_, listener, &ListenerAccess::name);
  return found == listeners_.end() ? nullptr : &*found;
}

bool ListenerPolicy::serves(std::string_view listener, Role role) const {
  if (role == Role::kAny) return true;
  const ListenerAccess* access = find(listener);
  // Where roles matter, a listener nobody named must not be a way around them.
  if (access == nullptr) return role == Role::kApi || !roles_given_;
  if (role == Role::kMetrics) return serves_metrics(*access);
  if (access->roles.empty()) return role == Role::kApi || !admin_apart_ || access->trusted;
  return has_role(*access, role == Role::kAdmin ? "admin" : "api");
}

bool ListenerPolicy::serves_metrics(const ListenerAccess& listener) const {
  if (listener.roles.empty()) return (!admin_apart_ && !metrics_apart_) || listener.trusted;
  return has_role(listener, "metrics") || has_role(listener, "admin");
}

bool ListenerPolicy::is_for_metrics(std::string_view listener) const {
  const ListenerAccess* access = find(listener);
  return access != nullptr && has_role(*access, "metrics");
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
