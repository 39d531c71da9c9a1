#include "plugins/providers/smtp/tests/provider_fixture.h"

#include <csignal>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

const hg_component& component() {
  static const sdk::testing::Plugin plugin(&hg_plugin_entry_v1);
  return plugin.component("smtp");
}

}  // namespace

MessageSpec mail() {
  MessageSpec message;
  message.channel = HG_CH_EMAIL;
  message.from = "a@example.com";
  message.to = "b@example.org";
  message.subject = "Hello";
  message.body = "How are you?";
  return message;
}

void ProviderTest::create(int port, std::string_view json) {
  Value config = Value::parse(json);
  if (config.find("host") == nullptr) config.set("host", "127.0.0.1");
  if (config.find("tls") == nullptr) config.set("tls", "none");
  config.set("port", port);
  std::signal(SIGPIPE, SIG_IGN);  // as in the gateway: rule R10
  instance = std::make_unique<Instance>(host, component(), config);
  const sdk::testing::StepRecord started = instance->start();
  ASSERT_EQ(started.status, HG_OK) << started.text;
  provider = std::make_unique<ProviderDriver>(*instance);
}

void ProviderTest::serve(Script script, std::string_view json) {
  server = std::make_unique<FakeServer>(std::move(script));
  create(server->port(), json);
}

std::string ProviderTest::create_error(std::string_view json) {
  FakeHost gateway;
  Value config = Value::parse(json);
  if (config.find("host") == nullptr) config.set("host", "127.0.0.1");
  try {
    const Instance unwanted(gateway, component(), config);
  } catch (const sdk::testing::CreateError& error) {
    EXPECT_EQ(error.status(), HG_E_CONFIG);
    return error.what();
  }
  return {};
}

hg_op ProviderTest::send(const MessageSpec& message, std::uint64_t deadline_mono_ns) {
  const ProviderDriver::Sent sent = provider->send(message, {.deadline_mono_ns = deadline_mono_ns});
  EXPECT_TRUE(sent.accepted) << sent.status;
  return sent.op;
}

SendRecord ProviderTest::result_of(hg_op op) {
  EXPECT_TRUE(until([&] { return host.sent(op).has_value(); })) << "no completion";
  return host.sent(op).value_or(SendRecord{});
}

bool ProviderTest::until(const std::function<bool()>& done) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point give_up = Clock::now() + std::chrono::seconds{10};
  Clock::time_point last = Clock::now();
  while (!host.run_until(done, std::chrono::milliseconds{2})) {
    const Clock::time_point now = Clock::now();
    if (now > give_up) return false;
    host.advance(now - last);
    last = now;
  }
  return true;
}

bool ProviderTest::until_seen(const std::function<bool(const Seen&)>& condition) {
  return until([&] { return condition(server->seen()); });
}

void ProviderTest::TearDown() {
  instance.reset();
  server.reset();  // its threads read what the tests' own members hold
  EXPECT_EQ(host.violations(), FakeHost::kNone);
  EXPECT_EQ(host.fds().watched(), 0u);
}

}  // namespace heliograph::plugins::smtp
