// The HTTP API as the command line uses it: one request after another, each waited for.
//
// It is the client of core/http on a loop of its own: pooled connections, TLS checked against the
// system's authorities, bounded answers. Any one thread.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/app/remote/remote_commands.h"

namespace heliograph::app {

// The command line says something that cannot be meant: exit code 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// No answer came: exit code 1.
class GatewayUnreachable : public std::runtime_error {
 public:
  GatewayUnreachable(const std::string& what, bool may_have_arrived)
      : std::runtime_error(what), may_have_arrived_(may_have_arrived) {}
  // The request may have been carried out.
  bool may_have_arrived() const { return may_have_arrived_; }

 private:
  bool may_have_arrived_;
};

// The gateway said no: exit code 1. what() is its sentence, with the field that is wrong.
class GatewayRefused : public std::runtime_error {
 public:
  GatewayRefused(const std::string& what, unsigned status)
      : std::runtime_error(what), status_(status) {}
  unsigned status() const { return status_; }

 private:
  unsigned status_;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

class ApiClient {
 public:
  // Reads address and key. Throws UsageError where one of them is missing or malformed.
  explicit ApiClient(const Remote& remote);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // The document of a 2xx answer. `target`: path and query, encoded. Throws GatewayRefused for any
  // other answer and GatewayUnreachable where there is none within `timeout`.
  nlohmann::json get(const std::string& target,
                     std::chrono::seconds timeout = std::chrono::seconds{30});
  nlohmann::json post(const std::string& target, const nlohmann::json& body,
                      const HeaderList& headers = {},
                      std::chrono::seconds timeout = std::chrono::seconds{30});
  nlohmann::json put(const std::string& target, const nlohmann::json& body);

  const std::string& url() const;  // "http://localhost:8080"

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// "/v1/messages?status=SENT&to=%2B1555": names and values encoded (RFC 3986, 2.1); what has no
// value is left out.
std::string with_query(std::string path,
                       const std::vector<std::pair<std::string, std::string>>& query);
// One segment of a path, encoded. Throws UsageError for an empty one.
std::string path_segment(std::string_view text);

// One JSON document on standard output.
void print_json(const nlohmann::json& document);

}  // namespace heliograph::app
