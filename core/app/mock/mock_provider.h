// A mock provider: an HTTP server that takes messages as the `http` provider plugin sends them,
// behaves as told, posts receipts back and remembers every arrival for tests.
//
//   POST /api/sms/{anything}     {"phone"|"to", "text", "media"?, "message_id"?}; also under
//                                /api/mms; -> 200 {"message", "message_id"}, 500, 400, 429
//   POST /api/email/{anything}   {"subject", "body", "recipients", "from"?, "html"?,
//   "attachments"?,
//                                "message_id"?}
//   GET  /health
//   GET  /admin/behaviour        PUT changes it (core/app/mock/behaviour.h)
//   GET  /admin/arrivals         every send with its time in ns; ?summary=1 the counts alone;
//   DELETE
//                                forgets them
//   POST /admin/inbound          {"from", "to", "text"?, "media"?}: tells the gateway of a message
//                                that came in (core/app/mock/inbound_event.h) -> 202 {"id"}
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/app/mock/behaviour.h"
#include "core/ports/clock.h"

namespace heliograph::app::mock {

struct MockOptions {
  std::string listen = "127.0.0.1:8071";
  std::string id = "mock";  // in the ids it gives out: "mock-1"
  std::uint64_t seed = 1;
  std::size_t arrivals_max = 2'000'000;  // remembered; older ones are dropped and counted
  Behaviour behaviour;
};

class MockProvider {
 public:
  // Binds; throws std::runtime_error when the address cannot be had.
  MockProvider(const MockOptions& options, const ports::Clock& clock);
  ~MockProvider();  // stops

  void start();
  void stop();
  std::string address() const;  // "127.0.0.1:8071", with the port really bound

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::app::mock
