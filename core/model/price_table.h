// Prices by destination: what a part costs a client on its way to a number.
//
// A client's own rules come before the general ones; among either the longest prefix that fits
// counts. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/channel.h"

namespace heliograph::model {

struct PriceRule {     // [[price]]
  std::string client;  // name; empty: every client
  Channel channel = Channel::kSms;
  std::string prefix;      // "+880"; empty: every destination of the channel
  std::int64_t cents = 0;  // a part; >= 0

  bool operator==(const PriceRule&) const = default;
};

class PriceTable {
 public:
  PriceTable() = default;
  // No two rules have the same client, channel and prefix (which the configuration checks).
  explicit PriceTable(std::vector<PriceRule> rules);

  // `to`: a number in E.164, or an e-mail address. nullptr: no rule is about it. Lives as long as
  // the table.
  const PriceRule* find(std::string_view client, Channel channel, std::string_view to) const;

 private:
  const PriceRule* longest(std::string_view client, Channel channel, std::string_view to) const;

  std::vector<PriceRule> rules_;  // sorted by client, channel, prefix
  std::size_t longest_prefix_ = 0;
};

}  // namespace heliograph::model
