// What a part costs a client: the one place where prices are decided, for messages, batches,
// facades and GET /v1/me/prices.
//
// In this order: the client's own [[price]] rules, the general ones, the client's
// price_per_part_cents, billing.price_per_part_cents. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/config/config.h"
#include "core/model/client.h"
#include "core/model/price_table.h"

namespace heliograph::pipeline {

struct PriceQuote {
  enum class Source : std::uint8_t { kNotBilled, kRule, kClient, kGateway };
  Source source = Source::kGateway;
  std::int64_t cents = 0;                  // a part
  const model::PriceRule* rule = nullptr;  // of kRule; the table's
};

// `to`: in E.164, or an e-mail address.
PriceQuote quote_price(const model::PriceTable& prices, const config::Billing& billing,
                       const model::Client& client, model::Channel channel, std::string_view to);

}  // namespace heliograph::pipeline
