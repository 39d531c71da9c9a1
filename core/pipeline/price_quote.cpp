#include "core/pipeline/price_quote.h"

namespace heliograph::pipeline {

PriceQuote quote_price(const model::PriceTable& prices, const config::Billing& billing,
                       const model::Client& client, model::Channel channel, std::string_view to) {
  using Source = PriceQuote::Source;
  if (!client.billing) return {.source = Source::kNotBilled};
  if (const model::PriceRule* rule = prices.find(client.name, channel, to)) {
    return {.source = Source::kRule, .cents = rule->cents, .rule = rule};
  }
  if (client.price_per_part_cents) {
    return {.source = Source::kClient, .cents = *client.price_per_part_cents};
  }
  return {.source = Source::kGateway, .cents = billing.price_per_part_cents};
}

}  // namespace heliograph::pipeline
