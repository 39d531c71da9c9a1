// A provider made with the SDK's C++ layer that throws wherever it can.
#include <heliograph/sdk.hpp>
#include <stdexcept>
#include <string_view>

namespace {

namespace sdk = heliograph::sdk;

class ThrowingProvider {
 public:
  ThrowingProvider(sdk::Host, const sdk::Config& config) {
    if (config.text("where") == "create") throw std::logic_error("thrown in create");
  }
  sdk::Caps caps() const { return {.channels = HG_CH_SMS}; }
  void send(const sdk::Outgoing&, sdk::SendTicket&&) { throw std::logic_error("thrown in send"); }
};

constexpr std::string_view kSchema =
    R"({"type": "object", "properties": {"where": {"type": "string", "default": "send"}}})";

}  // namespace

HELIOGRAPH_PLUGIN({.name = "throwing", .version = "1"},
                  sdk::component<ThrowingProvider>({.id = "throwing", .schema = kSchema}))
