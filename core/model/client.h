// A client of the gateway: who may send, as what, and what it pays.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"
#include "core/model/message.h"

namespace heliograph::model {

enum Scope : std::uint8_t { kScopeSend = 1, kScopeRead = 2, kScopeAdmin = 4 };  // bits; stored
std::optional<Scope> parse_scope(std::string_view text);

struct Client {
  ClientId id{};
  std::string public_id;                             // a UUID, what /v1/me shows as `id`
  std::string name;                                  // unique
  bool billing = true;                               // false: nothing is held, priced or refused
  std::optional<std::int64_t> price_per_part_cents;  // else the gateway's
  std::optional<double> rate;                        // messages a second; else limits.client
  std::optional<double> burst;
  InDoubt in_doubt = InDoubt::kAuto;
  std::string default_region;  // "BD"; empty: the gateway's
  std::string callback_url;
  bool conversations = false;  // outgoing messages join conversations too
};

// What a valid API key stands for. Handed from authentication to the resources.
struct Principal {
  Client client;
  std::uint8_t scopes = 0;
  bool may(Scope scope) const { return (scopes & scope) != 0; }
};

struct Balance {
  std::int64_t granted_cents = 0;  // invariant: granted = available + held + captured
  std::int64_t available_cents = 0;
  std::int64_t held_cents = 0;
  std::int64_t captured_cents = 0;
};

}  // namespace heliograph::model
