#include "core/config/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/config/formats.h"

namespace heliograph::config {
namespace {

void read_roles(TableReader& root, std::vector<std::string>& out) {
  root.texts("roles", out);
  if (out.empty()) root.error("roles", "names no role; known are \"api\" and \"dispatch\"");
  bool known = !out.empty();
  for (const std::string& role : out) {
    if (role == "api" || role == "dispatch") continue;
    root.error("roles", fmt::format("\"{}\" is none of \"api\", \"dispatch\"", role));
    known = false;
  }
  const auto names = [&out](const char* role) { return std::ranges::count(out, role) > 0; };
  if (known && !(names("api") && names("dispatch"))) {
    root.error("roles", "one process does both in this build: name \"api\" and \"dispatch\"");
  }
}

void read_listener(TableReader& table, const Surroundings& surroundings, Listener& out) {
  table.require("listen");
  if (table.text("listen", out.listen) && !is_listen_address(out.listen)) {
    table.error("listen", "expected an address and a port, such as \"127.0.0.1:8080\"");
  }
  for (const auto& [key, path] : {std::pair{"cert", &out.cert}, std::pair{"key", &out.key},
                                  std::pair{"client_ca", &out.client_ca}}) {
    table.text(key, *path);
    *path = resolve_path(*path, surroundings.folder);
  }
  if (out.cert.empty() != out.key.empty()) {
    table.error(out.cert.empty() ? "cert" : "key", "TLS needs both cert and key");
  }
  if (!out.client_ca.empty() && out.cert.empty()) {
    table.error("client_ca", "client certificates need TLS: give cert and key too");
  }
  table.texts("roles", out.roles);
  for (const std::string& role : out.roles) {
    if (role == "api" || role == "admin" || role == "metrics") continue;
    table.error("roles", fmt::format("\"{}\" is none of \"api\", \"admin\", \"metrics\"", role));
  }
}

template <class Check>
void check_each(TableReader& table, std::string_view key, const std::vector<std::string>& values,
                Check check, std::string_view what) {
  for (const std::string& value : values) {
    if (!check(value)) table.error(key, fmt::format("\"{}\" is no {}", value, what));
  }
}

}  // namespace

std::string resolve_path(const std::string& path, const std::string& folder) {
  if (path.empty()) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

void read_http(TableReader& table, const Surroundings& surroundings, Http& out) {
  if (table.text("listen", out.listen) && !is_listen_address(out.listen)) {
    table.error("listen", fmt::format("\"{}\" is no address and port such as \"127.0.0.1:8080\" or "
                                      "\"[::1]:8080\"",
                                      out.listen));
  }
  table.integer("threads", out.threads, 1, 64);
  table.integer("max_connections", out.max_connections, 1, 1'000'000);
  table.integer("max_connections_per_address", out.max_connections_per_address, 1, 1'000'000);
  table.texts("trusted_proxies", out.trusted_proxies);
  check_each(table, "trusted_proxies", out.trusted_proxies, is_address_or_cidr,
             "address or CIDR such as \"10.0.0.0/8\"");
  table.texts("hostnames", out.hostnames);
  check_each(table, "hostnames", out.hostnames, is_hostname, "host name");
  table.texts("cors_origins", out.cors_origins);
  check_each(table, "cors_origins", out.cors_origins, is_origin,
             "origin such as \"https://app.example.com\"");
  table.sections("listener", "listen", [&](TableReader& listener) {
    read_listener(listener, surroundings, out.listeners.emplace_back());
  });
}

void read_config(TableReader& root, const Surroundings& surroundings, Config& out) {
  read_roles(root, out.roles);
  root.section("http", [&](TableReader& table) { read_http(table, surroundings, out.http); });
  root.section("limits", [&](TableReader& table) { read_limits(table, out.limits); });
  read_operation(root, surroundings, out);
  read_plugins(root, surroundings, out);
  root.sections("provider", "id",
                [&](TableReader& table) { read_provider(table, out.providers.emplace_back()); });
  read_routing(root, out);
  root.sections("client", "name", [&](TableReader& table) {
    read_client(table, surroundings, out.clients.emplace_back());
  });
  read_inbound(root, out);
  root.sections("price", "prefix",
                [&](TableReader& table) { read_price(table, out.prices.emplace_back()); });
}

}  // namespace heliograph::config
