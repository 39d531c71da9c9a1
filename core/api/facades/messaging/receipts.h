// Reports about messages, brought to the store: from webhooks, which know a provider's id of the
// message and hardly more, and from clients.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/endpoint.h"
#include "core/model/message.h"
#include "core/ports/provider_report.h"

namespace heliograph::api::messaging {

// Who a webhook may speak for.
struct Reporter {
  std::string name;            // a provider that is called so is the one that is meant
  std::uint32_t channels = 0;  // else those of these channels; bits of model::Channel
  bool proved = false;         // by a signature; else it may speak of facades.client's alone
};

struct ReportCounts {
  std::uint64_t applied = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t parked = 0;
  std::uint64_t inbound = 0;  // those that were there before included
  bool stored = true;         // false: nothing is, for want of space; the peer is to repeat
};

// Durable when it is there. A receipt goes to the providers that await its id; where none does, to
// all that may have sent it, and is parked until its message turns up. A message that came in is of
// the client who has its number, else of the client of its thread, else of facades.client. Nothing
// in `told` has a provider yet. Throws http::OperationDropped when the store stops.
boost::asio::awaitable<ReportCounts> report(Call& call, const Reporter& from,
                                            ports::ProviderReport told);

// False: nobody knows the provider that sent it any more.
boost::asio::awaitable<bool> report_delivered(Call& call, const model::MessageView& message);

}  // namespace heliograph::api::messaging
