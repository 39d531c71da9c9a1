#include "core/model/price_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heliograph::model {
namespace {

using Place = std::tuple<std::string_view, Channel, std::string_view>;

Place place_of(const PriceRule& rule) { return {rule.client, rule.channel, rule.prefix}; }

}  // namespace

PriceTable::PriceTable(std::vector<PriceRule> rules) : rules_(std::move(rules)) {
  std::ranges::sort(rules_, {}, place_of);
  for (const PriceRule& rule : rules_) {
    longest_prefix_ = std::max(longest_prefix_, rule.prefix.size());
  }
}

const PriceRule* PriceTable::find(std::string_view client, Channel channel,
                                  std::string_view to) const {
  if (rules_.empty()) return nullptr;
  const PriceRule* const own = client.empty() ? nullptr : longest(client, channel, to);
  return own != nullptr ? own : longest({}, channel, to);
}

const PriceRule* PriceTable::longest(std::string_view client, Channel channel,
                                     std::string_view to) const {
  std::string_view prefix = to.substr(0, longest_prefix_);
  while (true) {
    const Place place{client, channel, prefix};
    const auto found = std::ranges::lower_bound(rules_, place, {}, place_of);
    if (found != rules_.end() && place_of(*found) == place) return &*found;
    if (prefix.empty()) return nullptr;
    prefix.remove_suffix(1);
  }
}

}  // namespace heliograph::model
