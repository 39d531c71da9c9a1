// What the admin resources of clients and keys share.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/api/endpoint.h"
#include "core/api/json_fields.h"
#include "core/api/json_writer.h"

namespace heliograph::api {

// `scopes`: ["send", "read", "admin"], at least one; not given: send and read.
std::uint8_t read_scopes(JsonFields& fields);
void write_scopes(JsonWriter& json, std::uint8_t scopes);

// By name; nullopt: there is none.
boost::asio::awaitable<std::optional<ports::ClientSummary>> find_client(Call& call,
                                                                        std::string_view name);
http::Response no_such_client();

// To the log: what an operator did to whom; never a key.
void log_admin_action(const Call& call, std::string_view action, std::string_view client);

}  // namespace heliograph::api
