// acme_test <library>: exit status 0 when the plugin loads and sends.
#include <heliograph/testing/testing.hpp>

int main(int, char** argv) {
  using namespace heliograph::sdk::testing;
  const Plugin plugin{std::string(argv[1])};
  FakeHost host;
  Instance instance(host, plugin.component("acme"));
  ProviderDriver provider(instance);
  const auto result = provider.result_of();
  return result && result->outcome == HG_SENT && result->provider_msg_id == "acme-1" ? 0 : 1;
}
