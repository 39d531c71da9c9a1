// The access log: one line at debug for each request, whoever answers it. Never a path or a query,
// which may name a person: the route's pattern instead. Threads: any.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/client.h"
#include "core/ports/log.h"

namespace heliograph::api {

// A request on its way through a route. Costs next to nothing where debug is off.
class AccessLine {
 public:
  // `log` may be nullptr. All of them outlive it.
  AccessLine(ports::Log* log, std::string_view pattern, const http::Request& request);

  bool wanted() const { return log_ != nullptr; }
  void set_client(const std::string& name) { client_ = name; }
  void write(const http::Response& response) const;

 private:
  ports::Log* log_;  // nullptr: nobody wants the line
  std::string_view pattern_;
  const http::Request& request_;
  std::chrono::steady_clock::time_point begun_{};
  std::string client_;
};

// Tells the line at its end who the client has turned out to be.
class ClientNote {
 public:
  ClientNote(AccessLine& line, const std::shared_ptr<const model::Principal>& principal)
      : line_(line), principal_(principal) {}
  ~ClientNote() {
    if (line_.wanted() && principal_) line_.set_client(principal_->client.name);
  }
  ClientNote(const ClientNote&) = delete;
  ClientNote& operator=(const ClientNote&) = delete;

 private:
  AccessLine& line_;
  const std::shared_ptr<const model::Principal>& principal_;
};

// What no route answered: unknown paths, refused framing, faults.
void log_unrouted(ports::Log& log, const http::Request& request, const http::Response& response);

}  // namespace heliograph::api
