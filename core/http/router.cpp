#include "core/http/router.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/http/target.h"

namespace heliograph::http {
namespace {

constexpr std::array kMethods = {Method::kGet,   Method::kHead,   Method::kPost,   Method::kPut,
                                 Method::kPatch, Method::kDelete, Method::kOptions};

struct Route {
  Handler handler;  // empty: the pattern does not have this method
  RouteOptions options;
};

// Splits off what stands before the next '/', of a path without its leading one. A path that ends
// in '/' has an empty last segment: "/api/sms/" and "/api/sms" are two resources.
std::string_view take_segment(std::optional<std::string_view>& rest) {
  const std::size_t slash = rest->find('/');
  const std::string_view segment = rest->substr(0, slash);
  if (slash == std::string_view::npos) {
    rest.reset();
  } else {
    rest->remove_prefix(slash + 1);
  }
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

struct Router::Node {
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;  // sorted by name
  std::unique_ptr<Node> parameter;
  std::string parameter_name;
  std::array<Route, kMethods.size()> routes;
  std::string pattern;
  std::string allow;  // empty: no resource ends here

  Route& route(Method method) { return routes[static_cast<std::size_t>(method)]; }

  Node* literal(std::string_view name) const {
    const auto it = std::ranges::lower_bound(
        literals, name, {}, [](const auto& entry) { return std::string_view(entry.first); });
    return it != literals.end() && it->first == name ? it->second.get() : nullptr;
  }

  Node& make_literal(std::string_view name) {
    if (Node* found = literal(name)) return *found;
    const auto it = std::ranges::lower_bound(
        literals, name, {}, [](const auto& entry) { return std::string_view(entry.first); });
    return *literals.emplace(it, std::string(name), std::make_unique<Node>())->second;
  }

  Node& make_parameter(std::string_view name, std::string_view whole) {
    if (!parameter) {
      parameter = std::make_unique<Node>();
      parameter_name = name;
    } else if (parameter_name != name) {
      throw std::logic_error("route " + std::string(whole) + ": this parameter is already named {" +
                             parameter_name + "}");
    }
    return *parameter;
  }

  void update_allow() {
    allow.clear();
    for (const Method method : kMethods) {
      const bool implied = method == Method::kOptions ||
                           (method == Method::kHead && route(Method::kGet).handler != nullptr);
      if (!implied && !route(method).handler) continue;
      if (!allow.empty()) allow += ", ";
      allow += to_string(method);
    }
  }

  // The node of the best route for `rest`; literals win, parameters collect decoded values.
  const Node* match(std::optional<std::string_view> rest,
                    std::vector<std::pair<std::string, std::string>>& params) const {
    if (!rest) return allow.empty() ? nullptr : this;
    const std::string_view segment = take_segment(rest);
    auto value = percent_decode(segment);
    if (!value) return nullptr;
    if (const Node* child = literal(*value)) {
      if (const Node* found = child->match(rest, params)) return found;
    }
    if (!parameter || segment.empty()) return nullptr;
    params.emplace_back(parameter_name, std::move(*value));
    if (const Node* found = parameter->match(rest, params)) return found;
    params.pop_back();
    return nullptr;
  }

  void list(std::vector<std::string>& names) const {
    for (const Method method : kMethods) {
      if (!routes[static_cast<std::size_t>(method)].handler) continue;
      names.push_back(std::string(to_string(method)) + " " + pattern);
    }
    for (const auto& [name, child] : literals) child->list(names);
    if (parameter) parameter->list(names);
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  if (!pattern.starts_with('/')) {
    throw std::logic_error("route " + std::string(pattern) + " does not start with '/'");
  }
  Node* node = root_.get();
  std::optional<std::string_view> rest = pattern.substr(1);
  while (rest) {
    const std::string_view segment = take_segment(rest);
    node = is_parameter(segment)
               ? &node->make_parameter(segment.substr(1, segment.size() - 2), pattern)
               : &node->make_literal(segment);
  }
  Route& route = node->route(method);
  if (route.handler) {
    throw std::logic_error("route " + std::string(to_string(method)) + " " + std::string(pattern) +
                           " is there already");
  }
  route = {std::move(handler), options};
  node->pattern = pattern;
  node->update_allow();
}

Router::Match Router::find(Method method, std::string_view path) const {
  Match match;
  const Node* node = path.starts_with('/') ? root_->match(path.substr(1), match.params) : nullptr;
  if (!node) {
    match.status = 404;
    return match;
  }
  const Route* route = &node->routes[static_cast<std::size_t>(method)];
  if (!route->handler && method == Method::kHead) {
    route = &node->routes[static_cast<std::size_t>(Method::kGet)];
  }
  if (method == Method::kOptions) match.allow = node->allow;
  if (route->handler) {
    match.handler = &route->handler;
    match.options = route->options;
    match.pattern = node->pattern;
  } else if (method != Method::kOptions) {
    match.status = 405;
    match.allow = node->allow;
  }
  return match;
}

std::vector<std::string> Router::routes() const {
  std::vector<std::string> names;
  root_->list(names);
  std::ranges::sort(names);
  return names;
}

}  // namespace heliograph::http
