#include "core/pipeline/route_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/model/number_table.h"

namespace heliograph::pipeline {

namespace {

RouteMember member_of(const config::Provider& provider) {
  RouteMember member{.provider = provider.id,
                     .channels = 0,
                     .weight = provider.weight,
                     .cost_micros = provider.cost_micros};
  for (const model::Channel channel : provider.channels) {
    member.channels |= static_cast<std::uint32_t>(channel);
  }
  return member;
}

// Behind the string that begins at `from` (a quotation mark).
std::size_t skip_string(std::string_view json, std::size_t from) {
  for (std::size_t i = from + 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i + 1;
    }
  }
  return json.size();
}

std::size_t skip_blanks(std::string_view json, std::size_t from) {
  const std::size_t at = json.find_first_not_of(" \t\r\n", from);
  return at == std::string_view::npos ? json.size() : at;
}

bool is_any_of(const std::vector<std::string>& values, std::string_view value) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

}  // namespace

std::string_view metadata_tag(std::string_view json) {
  int depth = 0;
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c != '"') {
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++i;
      continue;
    }
    const std::size_t end = skip_string(json, i);
    const std::string_view name = json.substr(i, end - i);
    i = skip_blanks(json, end);
    if (depth != 1 || i >= json.size() || json[i] != ':') continue;  // a value, or too deep
    i = skip_blanks(json, i + 1);
    if (name != "\"tag\"") continue;
    if (i >= json.size() || json[i] != '"') return {};
    const std::string_view value = json.substr(i + 1, skip_string(json, i) - i - 2);
    return value.contains('\\') ? std::string_view{} : value;
  }
  return {};
}

RouteTable::RouteTable(std::vector<config::Route> routes,
                       const std::vector<config::Provider>& providers) {
  for (const config::Provider& provider : providers) unrouted_.push_back(member_of(provider));
  for (config::Route& route : routes) {
    Rule& rule = rules_.emplace_back();
    rule.given = std::move(route);
    has_tags_ = has_tags_ || !rule.given.tags.empty();
    rule.prefixes = rule.given.prefixes;
    for (const std::string& country : rule.given.countries) {
      if (const auto* numbers = model::find_region(country)) {
        rule.prefixes.push_back(fmt::format("+{}", numbers->calling_code));
      }
    }
    for (const config::RouteProvider& named : rule.given.providers) {
      const auto known = std::ranges::find(unrouted_, named.id, &RouteMember::provider);
      if (known == unrouted_.end()) continue;  // the configuration's validation has refused it
      RouteMember& member = rule.members.emplace_back(*known);
      member.weight = named.weight.value_or(member.weight);
      member.cost_micros = named.cost_micros.value_or(member.cost_micros);
      if (member.weight > 0) rule.channels |= member.channels;
    }
    if (rule.given.channel) rule.channels &= static_cast<std::uint32_t>(*rule.given.channel);
  }
}

std::optional<std::size_t> RouteTable::find(std::string_view name) const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].given.name == name) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> RouteTable::match(const RouteQuery& query) const {
  const std::string_view tag = has_tags_ ? metadata_tag(query.metadata_json) : "";
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (mismatch(i, query, tag).empty()) return i;
  }
  return std::nullopt;
}

std::string_view RouteTable::mismatch(std::size_t i, const RouteQuery& query) const {
  return mismatch(i, query, metadata_tag(query.metadata_json));
}

std::string_view RouteTable::mismatch(std::size_t i, const RouteQuery& query,
                                      std::string_view tag) const {
  const Rule& rule = rules_[i];
  if ((rule.channels & static_cast<std::uint32_t>(query.channel)) == 0) return "channel";
  const auto begins = [&](const std::string& prefix) { return query.to.starts_with(prefix); };
  if (!rule.prefixes.empty() && std::ranges::none_of(rule.prefixes, begins)) return "to";
  if (!is_any_of(rule.given.clients, query.client)) return "client";
  if (!is_any_of(rule.given.senders, query.from)) return "from";
  if (rule.given.tags.empty()) return {};
  return is_any_of(rule.given.tags, tag) ? "" : "metadata.tag";
}

}  // namespace heliograph::pipeline
