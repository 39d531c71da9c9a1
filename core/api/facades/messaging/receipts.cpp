#include "core/api/facades/messaging/receipts.h"

#include <algorithm>
#include <utility>

#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

using Keys = std::vector<model::ProviderKey>;
using Outcomes = std::vector<ports::ReceiptOutcome>;

template <class Wanted>
Keys keys_of(const ApiSettings& settings, Wanted wanted) {
  Keys keys;
  for (const ReportingProvider& provider : settings.reporting) {
    if (provider.key && wanted(provider)) keys.push_back(*provider.key);
  }
  return keys;
}

// Those that may have sent something under an id that nobody awaits.
Keys possible(const ApiSettings& settings, const Reporter& from) {
  Keys named = keys_of(settings, [&](const auto& provider) { return provider.id == from.name; });
  if (!named.empty()) return named;
  return keys_of(settings,
                 [&](const auto& provider) { return (provider.channels & from.channels) != 0; });
}

boost::asio::awaitable<Keys> senders(Call& call, const Reporter& from, const std::string& id) {
  auto start = [&](ports::Done<std::vector<std::string>> done) {
    call.ports().queries.providers_awaiting(id, call.executor(), std::move(done));
  };
  const auto names = co_await http::await_done<std::vector<std::string>>(start);
  const ApiSettings& settings = call.context.settings;
  Keys awaiting = keys_of(settings, [&](const auto& provider) {
    return std::ranges::find(names, provider.id) != names.end();
  });
  co_return awaiting.empty() ? possible(settings, from) : awaiting;
}

boost::asio::awaitable<Outcomes> apply(Call& call, std::vector<model::Receipt> receipts) {
  auto start = [&](ports::Done<Outcomes> done) {
    call.ports().store.apply_receipts(std::move(receipts), call.executor(), std::move(done));
  };
  co_return co_await http::await_done<Outcomes>(start);
}

ReportCounts counts_of(const Outcomes& outcomes, std::size_t expected) {
  const auto count = [&](ports::ReceiptOutcome outcome) {
    return static_cast<std::uint64_t>(std::ranges::count(outcomes, outcome));
  };
  return {.applied = count(ports::ReceiptOutcome::kApplied),
          .unchanged = count(ports::ReceiptOutcome::kNoChange),
          .parked = count(ports::ReceiptOutcome::kParked),
          .stored = outcomes.size() == expected};
}

}  // namespace

boost::asio::awaitable<ReportCounts> report(Call& call, const Reporter& from,
                                            ports::ProviderReport told) {
  ports::ProviderReport addressed;
  std::optional<model::ClientId> only_of;
  if (!from.proved) only_of = call.client().id;
  for (model::Receipt& receipt : told.receipts) {
    receipt.only_of = only_of;
    const Keys keys = co_await senders(call, from, receipt.provider_message_id);
    for (const model::ProviderKey key : keys) {
      receipt.provider = key;
      addressed.receipts.push_back(receipt);
    }
  }
  for (model::InboundMessage& message : told.inbound) {
    message.provider = from.name;
    message.fallback = call.client().id;
    message.only_of = only_of;
  }
  addressed.inbound = std::move(told.inbound);
  if (addressed.size() == 0) co_return ReportCounts{};
  auto start = [&](ports::Done<ports::ReportResult> done) {
    call.ports().inbound.take(std::move(addressed), call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::ReportResult>(start);
  ReportCounts counts = counts_of(result.receipts, result.receipts.size());
  counts.inbound = result.inbound.size();
  counts.stored = result.taken;
  co_return counts;
}

boost::asio::awaitable<bool> report_delivered(Call& call, const model::MessageView& message) {
  const Keys keys = keys_of(call.context.settings,
                            [&](const auto& provider) { return provider.id == message.provider; });
  if (keys.empty()) co_return false;
  model::Receipt receipt;
  receipt.provider = keys.front();
  receipt.state = model::ReceiptState::kDelivered;
  receipt.provider_message_id = message.provider_message_id;
  receipt.message_id = message.id;
  receipt.detail = "reported by the client";
  std::vector<model::Receipt> receipts{std::move(receipt)};
  const Outcomes outcomes = co_await apply(call, std::move(receipts));
  co_return counts_of(outcomes, 1).stored;
}

}  // namespace heliograph::api::messaging
