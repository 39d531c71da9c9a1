// Authentication: from the key a request carries to the client it acts for.
//
// `X-API-Key: KEY` or `Authorization: Bearer KEY`; the former wins where both are there. Only the
// SHA-256 of a key is ever compared or kept. Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "core/api/key_cache.h"
#include "core/http/message.h"
#include "core/model/client.h"

namespace heliograph::api {

inline constexpr std::size_t kApiKeyMax = 256;  // bytes; longer ones are refused unread

// The key as sent; nullopt: there is none. Points into `request`.
std::optional<std::string_view> presented_key(const http::Request& request);

class Authenticator {
 public:
  using Result = std::expected<std::shared_ptr<const model::Principal>, http::Response>;

  Authenticator(ports::StoreClients& clients, const ports::Clock& clock)
      : clients_(clients), clock_(clock) {}

  // The error is the 401 to send. Throws http::OperationDropped when the store stops.
  boost::asio::awaitable<Result> authenticate(const http::Request& request);

 private:
  ports::StoreClients& clients_;
  const ports::Clock& clock_;
  KeyCache cache_;
};

// The 403 for a valid key that lacks `scope`.
http::Response missing_scope(model::Scope scope);

}  // namespace heliograph::api
