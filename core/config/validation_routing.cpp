// [[route]] against the providers and against one another.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "core/config/validation.h"
#include "core/model/number_table.h"

namespace heliograph::config {
namespace {

// Each has a strategy of its own, and each waiting message's class is asked for it.
constexpr std::size_t kRoutesMax = 64;

std::uint32_t channel_bits(const Provider& provider) {
  std::uint32_t bits = 0;
  for (const model::Channel channel : provider.channels)
    bits |= static_cast<std::uint32_t>(channel);
  return bits;
}

class RouteCheck {
 public:
  RouteCheck(const Config& config, const Route& route, Origin origin, Report& report)
      : config_(config), route_(route), origin_(std::move(origin)), report_(report) {}

  void run() {
    bool carried = false;
    std::set<std::string_view> seen;
    for (const RouteProvider& named : route_.providers) {
      if (named.id.empty()) continue;  // told already
      if (!seen.insert(named.id).second) {
        error(fmt::format("provider '{}' is there twice", named.id));
      }
      carried = check(named) || carried;
    }
    if (clean_ && !carried && !route_.providers.empty()) {  // that there are none was told already
      error("provider: all have weight 0, so none would be chosen");
    }
  }

 private:
  // True when it may be chosen.
  bool check(const RouteProvider& named) {
    const auto found = std::ranges::find(config_.providers, named.id, &Provider::id);
    if (found == config_.providers.end()) {
      error(fmt::format("provider '{}': there is no [[provider]] of this id", named.id));
      return false;
    }
    if (route_.channel &&
        (channel_bits(*found) & static_cast<std::uint32_t>(*route_.channel)) == 0) {
      error(fmt::format("provider '{}' does not carry the channel {}", named.id,
                        to_string(*route_.channel)));
      return false;
    }
    return named.weight.value_or(found->weight) > 0;
  }

  void error(std::string_view what) {
    clean_ = false;
    report_.error(origin_, fmt::format("[[route]] '{}' {}", route_.name, what));
  }

  const Config& config_;
  const Route& route_;
  const Origin origin_;
  Report& report_;
  bool clean_ = true;
};

// ---- rules that can never be reached ----

std::uint32_t channels_of(const Config& config, const Route& route) {
  if (route.channel) return static_cast<std::uint32_t>(*route.channel);
  std::uint32_t bits = 0;
  for (const RouteProvider& named : route.providers) {
    const auto found = std::ranges::find(config.providers, named.id, &Provider::id);
    if (found == config.providers.end() || named.weight.value_or(found->weight) == 0) continue;
    bits |= channel_bits(*found);
  }
  return bits;
}

std::vector<std::string> prefixes_of(const Route& route) {
  std::vector<std::string> all = route.prefixes;
  for (const std::string& country : route.countries) {
    if (const auto* numbers = model::find_region(country)) {
      all.push_back(fmt::format("+{}", numbers->calling_code));
    }
  }
  return all;
}

// Whatever `inner` lets through, `outer` does too.
template <class Within>
bool covers(const std::vector<std::string>& outer, const std::vector<std::string>& inner,
            Within within) {
  if (outer.empty()) return true;
  return !inner.empty() && std::ranges::all_of(inner, [&](const std::string& value) {
    return std::ranges::any_of(outer, [&](const std::string& wide) { return within(value, wide); });
  });
}

bool covers(const Config& config, const Route& outer, const Route& inner) {
  const auto begins = [](const std::string& value, const std::string& wide) {
    return value.starts_with(wide);
  };
  const std::equal_to<std::string> same;
  const std::uint32_t channels = channels_of(config, inner);
  return (channels & ~channels_of(config, outer)) == 0 &&
         covers(prefixes_of(outer), prefixes_of(inner), begins) &&
         covers(outer.clients, inner.clients, same) && covers(outer.senders, inner.senders, same) &&
         covers(outer.tags, inner.tags, same);
}

void note_unreachable(Config& config) {
  for (std::size_t i = 1; i < config.routes.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (!covers(config, config.routes[earlier], config.routes[i])) continue;
      config.notes.push_back(
          fmt::format("[[route]] '{}' is never reached: '{}' above it takes all of its messages",
                      config.routes[i].name, config.routes[earlier].name));
      break;
    }
  }
}

}  // namespace

void validate_routing(const Node& root, Config& config, Report& report) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const Route& route = config.routes[i];
    RouteCheck(config, route, origin_of(root, "route", i), report).run();
    if (route.name.empty() || names.insert(route.name).second) continue;
    report.error(origin_of(root, "route", i),
                 fmt::format("[[route]] '{}': this name is there twice", route.name));
  }
  if (config.routes.size() > kRoutesMax) {
    report.error(origin_of(root, "route", kRoutesMax),
                 fmt::format("[[route]]: {} rules, at most {} are possible", config.routes.size(),
                             kRoutesMax));
  }
  if (report.clean()) note_unreachable(config);
}

}  // namespace heliograph::config
