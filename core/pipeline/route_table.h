// Route table: which rule a message falls under, and which providers may carry it then.
//
// Rules are asked in the order of the configuration; the first whose conditions all hold is the
// one. A message that none fits may go to every provider of its channel. Asked at accept, where the
// answer becomes part of the message's dispatch class, and again for waiting messages whose class
// names no rule of today. Pure; thread-safe (immutable).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/model/channel.h"

namespace heliograph::pipeline {

struct RouteQuery {
  model::Channel channel{};
  std::string_view to;
  std::string_view from;
  std::string_view client;         // its name
  std::string_view metadata_json;  // of the message: has the tag
};

// A provider as a rule (or no rule) uses it.
struct RouteMember {
  std::string provider;
  std::uint32_t channels = 0;  // bits
  std::uint32_t weight = 1;
  std::uint64_t cost_micros = 0;
};

class RouteTable {
 public:
  RouteTable() = default;
  RouteTable(std::vector<config::Route> routes, const std::vector<config::Provider>& providers);

  bool empty() const { return rules_.empty(); }
  std::size_t size() const { return rules_.size(); }
  const config::Route& rule(std::size_t i) const { return rules_[i].given; }
  std::uint32_t channels(std::size_t i) const { return rules_[i].channels; }  // that it applies to
  std::span<const RouteMember> members(std::size_t i) const { return rules_[i].members; }
  std::span<const RouteMember> unrouted() const { return unrouted_; }

  std::optional<std::size_t> find(std::string_view name) const;
  std::optional<std::size_t> match(const RouteQuery& query) const;
  // The first condition of rule `i` that does not hold, by the API's name of the field: "channel",
  // "to", "client", "from" or "metadata.tag". Empty: the rule fits.
  std::string_view mismatch(std::size_t i, const RouteQuery& query) const;

 private:
  struct Rule {
    config::Route given;
    std::uint32_t channels = 0;
    std::vector<std::string> prefixes;  // those of its countries included
    std::vector<RouteMember> members;
  };
  std::string_view mismatch(std::size_t i, const RouteQuery& query, std::string_view tag) const;

  std::vector<Rule> rules_;
  bool has_tags_ = false;
  std::vector<RouteMember> unrouted_;
};

// The member `tag` of a JSON object as it is written, when it is a text without escapes; else
// empty. `json` is a well-formed object, or empty.
std::string_view metadata_tag(std::string_view json);

}  // namespace heliograph::pipeline
