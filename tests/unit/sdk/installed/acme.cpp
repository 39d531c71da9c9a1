// The smallest provider there is: takes every message and writes a line about it.
#include <heliograph/sdk.hpp>

namespace sdk = heliograph::sdk;

namespace {

constexpr const char* kSchema = R"json({
  "type": "object", "additionalProperties": false,
  "properties": {
    "prefix": {"type": "string", "default": "acme", "description": "Begins each message id."}
  }
})json";

class Acme {
 public:
  Acme(sdk::Host host, const sdk::Config& config) : host_(host), prefix_(config.text("prefix")) {}

  sdk::Caps caps() const { return {}; }

  sdk::SendResult send(const sdk::Outgoing& outgoing) {
    host_.info("sent", {{"id", outgoing.message.id()}, {"attempt", outgoing.attempt}});
    return sdk::SendResult::sent(std::string(prefix_) + "-" + std::to_string(++count_));
  }

 private:
  sdk::Host host_;
  std::string_view prefix_;
  int count_ = 0;
};

}  // namespace

HELIOGRAPH_PLUGIN(sdk::ModuleInfo{.name = "acme", .version = "0.1.0"},
                  sdk::component<Acme>({.id = "acme", .summary = "A test.", .schema = kSchema}))
