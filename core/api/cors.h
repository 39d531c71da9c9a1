// CORS: which web pages may call the API from a browser, as the configuration names them.
//
// Keys travel in headers, never in cookies, so credentials are not allowed and an origin that is
// not listed needs no refusal: without these headers its browser keeps the answer from the page.
// Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace heliograph::api {

class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  bool enabled() const { return !origins_.empty(); }
  bool allows(std::string_view origin) const;
  // Adds the headers that let the page read the answer; `Vary: Origin` to every answer.
  void decorate(const http::Request& request, http::Response& response) const;
  // The 204 to an OPTIONS request; `allow` is the path's methods: "GET, POST".
  http::Response preflight(const std::string& allow) const;

 private:
  std::vector<std::string> origins_;
};

}  // namespace heliograph::api
