#include "plugins/providers/http/tests/provider_fixture.h"

#include <utility>

namespace heliograph::plugins::http {

namespace {

const hg_component& component() {
  static const sdk::testing::Plugin plugin(&hg_plugin_entry_v1);
  return plugin.component("http");
}

Value configuration(std::string_view json) {
  Value config = Value::parse(json);
  if (config.find("url") == nullptr) config.set("url", "http://peer.test/send");
  return config;
}

}  // namespace

void ProviderTest::create(std::string_view json) {
  instance = std::make_unique<Instance>(host, component(), configuration(json));
  ASSERT_EQ(instance->start().status, HG_OK);
  provider = std::make_unique<ProviderDriver>(*instance);
}

std::string ProviderTest::create_error(std::string_view json) {
  FakeHost gateway;
  try {
    const Instance unwanted(gateway, component(), configuration(json));
  } catch (const sdk::testing::CreateError& error) {
    EXPECT_EQ(error.status(), HG_E_CONFIG);
    return error.what();
  }
  return {};
}

SendRecord ProviderTest::outcome(const HttpReply& reply, const MessageSpec& message) {
  host.http().script(reply);
  const std::optional<SendRecord> result = provider->result_of(message);
  EXPECT_TRUE(result.has_value()) << "no completion";
  return result.value_or(SendRecord{});
}

sdk::testing::HttpRequestRecord ProviderTest::request(const MessageSpec& message) {
  outcome(HttpReply::json(200, "{}"), message);
  EXPECT_FALSE(host.http().requests().empty());
  return host.http().requests().empty() ? sdk::testing::HttpRequestRecord{}
                                        : host.http().requests().back();
}

sdk::testing::IngressReply ProviderTest::post(Instance::Request request) {
  const hg_op op = instance->ingress(request);
  host.run();
  const std::optional<sdk::testing::IngressReply> reply = host.events().reply(op);
  EXPECT_TRUE(reply.has_value()) << "no answer";
  return reply.value_or(sdk::testing::IngressReply{});
}

void ProviderTest::TearDown() {
  instance.reset();
  EXPECT_EQ(host.violations(), FakeHost::kNone);
}

}  // namespace heliograph::plugins::http
