// What plugin instances live on. Everything outlives the plugin host.
#pragma once

#include <chrono>

#include "core/ports/clock.h"
#include "core/ports/executor.h"
#include "core/ports/http_client.h"
#include "core/ports/log.h"

namespace boost::asio {
class io_context;
}

namespace heliograph::plugin {

class MetricsRegistry;

struct HostServices {
  ports::Loop& loop;
  const ports::Clock& clock;
  ports::Log* log = nullptr;                 // nullptr: silent
  ports::HttpClientFactory* http = nullptr;  // nullptr: hg.http-client/1 takes no requests
  boost::asio::io_context* io = nullptr;     // the loop's; nullptr: hg.fd/1 is not offered
};

// How long plugins may take (abi/lifecycle.h). Overrun: the instance is abandoned and reported.
struct Budgets {
  std::chrono::nanoseconds load{std::chrono::seconds{5}};
  std::chrono::nanoseconds create{std::chrono::seconds{1}};
  std::chrono::nanoseconds start{std::chrono::seconds{30}};
  std::chrono::nanoseconds stop{std::chrono::seconds{5}};
  std::chrono::nanoseconds destroy{std::chrono::seconds{1}};
  std::chrono::nanoseconds loop_call{std::chrono::milliseconds{1}};
  std::chrono::nanoseconds pick{std::chrono::microseconds{20}};
  std::chrono::nanoseconds send_grace{std::chrono::seconds{1}};  // after a send's deadline
  std::chrono::nanoseconds acquire{std::chrono::milliseconds{50}};
  std::chrono::nanoseconds ingress{std::chrono::seconds{10}};
  std::chrono::nanoseconds handover{std::chrono::seconds{10}};  // drain of an exclusive instance
};

}  // namespace heliograph::plugin
