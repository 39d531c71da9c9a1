// The component `redis` of kind limiter: the parts put together.
#include <cstring>
#include <optional>

#include <heliograph/sdk.hpp>

#include "plugins/limiters/redis/connection.h"
#include "plugins/limiters/redis/permits.h"
#include "plugins/limiters/redis/settings.h"
#include "plugins/limiters/redis/shared_counts.h"

namespace heliograph::plugins::redis {
namespace {

class RedisLimiter {
 public:
  RedisLimiter(sdk::Host host, const sdk::Config& config)
      : settings_(config),
        connection_(host, settings_, [this](bool ready) { on_change(ready); }),
        permits_(host, settings_, connection_),
        shared_(settings_, connection_) {}
  ~RedisLimiter() { connection_.close(); }  // before the parts that it answers to

  // Complete with the first attempt to connect, whichever way that ends: a gateway starts without
  // Redis, and goes on as limiter.on_failure says.
  void start(sdk::Completion started, sdk::MonoTime) {
    started_.emplace(std::move(started));
    connection_.open();
  }
  void stop() {
    connection_.close();
    // A start that is still pending ends with the stop (abi/lifecycle.h).
    if (started_) started_->fail(HG_E_CANCELLED, "stopped before the first connection");
    started_.reset();
  }

  void on_rules(const sdk::LimitRules& rules) { permits_.set_rules(rules); }
  hg_status acquire(hg_op op, const hg_limit_req& request, hg_limit_result&) {
    return permits_.acquire(op, request);
  }
  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t items) {
    permits_.refund(grant, keys, items);
  }
  void cancel(hg_op op) { permits_.cancel(op); }

  void exchange(const sdk::SharedCounts& counts, sdk::SharedTicket ticket) {
    shared_.exchange(counts, std::move(ticket));
  }
  void reset_shared(std::string_view key) { shared_.reset(key); }

 private:
  void on_change(bool ready) {
    if (ready) permits_.on_ready();
    if (started_) started_->done();
    started_.reset();
  }

  Settings settings_;
  std::optional<sdk::Completion> started_;
  Connection connection_;
  Permits permits_;
  SharedCounts shared_;
};

}  // namespace
}  // namespace heliograph::plugins::redis

namespace sdk = heliograph::sdk;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "redis", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<heliograph::plugins::redis::RedisLimiter>(
        {.id = "redis",
         .summary = "Exact limits shared by several gateways through Redis, and their health.",
         .schema = heliograph::plugins::redis::kSchema}))
