// What operators are shown, as several admin resources write it. Pure; thread-safe.
//
// Those named "members" write into the object that is open.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/api/json_writer.h"
#include "core/model/callback.h"
#include "core/model/message.h"
#include "core/pipeline/provider_admin.h"
#include "core/ports/store_queries.h"

namespace heliograph::api {

void write_provider(JsonWriter& json, const pipeline::ProviderStatus& provider);
void write_queue_members(JsonWriter& json, const ports::StoreQueries& queries,
                         const ports::LaneDepths& lanes, model::TimePoint now);
void write_limits_members(JsonWriter& json, const pipeline::Distribution& sending,
                          const std::optional<pipeline::LimitUse>& total);

using ClientNames = std::map<model::ClientId, std::string>;

// Whether numbers, addresses and texts are shown as they are.
enum class Personal : bool { kMasked, kShown };

// A message of whatever client. Masked: `to` as in logs, `from` too where it is a number or an
// address, no text; metadata and callback_url, which may hold anything, never.
void write_operator_message(JsonWriter& json, const model::MessageView& message,
                            const ClientNames& clients, Personal personal);
// What a peer has said, with the numbers in it masked: runs of seven digits and more.
std::string without_numbers(std::string_view text);

void write_operator_message_members(JsonWriter& json, const model::MessageView& message,
                                    const ClientNames& clients, Personal personal);
// Of the URL the origin alone: clients put tokens into the rest.
void write_operator_delivery(JsonWriter& json, const model::CallbackDelivery& delivery);

}  // namespace heliograph::api
