// `heliograph serve`: the gateway until a signal ends it, with its mock providers when it is the
// demo.
#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "core/app/commands.h"
#include "core/app/configuration.h"
#include "core/app/exit_codes.h"
#include "core/app/gateway.h"
#include "core/app/mock/demo_mocks.h"
#include "core/app/service_manager.h"
#include "core/app/signals.h"
#include "core/app/system_clock.h"
#include "core/app/version.h"

namespace heliograph::app {
namespace {

constexpr const char* kDemoHint = R"(
Try, in another terminal:
  curl -sS {0}/v1/messages -H 'X-API-Key: secret' -H 'Content-Type: application/json' \
    -d '{{"to":"+14155552671","from":"TEST","text":"Hello"}}'
  curl -sS {0}/v1/messages -H 'X-API-Key: secret' -H 'Content-Type: application/json' \
    -d '{{"channel":"email","to":"you@example.com","from":"me@example.com","subject":"Hi","text":"Hello"}}'
  curl -sS {0}/v1/messages/MESSAGE_ID -H 'X-API-Key: secret'
  curl -sS {0}/v1/admin/providers -H 'X-API-Key: secret'
  curl -sS {0}/api/sms/send -H 'Content-Type: application/json' \
    -d '{{"phone":"01921317475","text":"Hello"}}'
Ctrl-C ends it.
)";

// "0.0.0.0:8080" is where it listens, "localhost:8080" is where people go.
std::string url_of(const std::string& address) {
  const auto colon = address.rfind(':');
  const auto host = address.substr(0, colon);
  const bool local = host == "127.0.0.1" || host == "0.0.0.0" || host == "[::1]" || host == "[::]";
  return fmt::format("http://{}:{}", local ? "localhost" : host, address.substr(colon + 1));
}

void print_start(const Gateway& gateway, const config::Config& config, bool demo,
                 const mock::DemoMocks* mocks) {
  fmt::print("{}, configured by {}\n", version_text(), config.source);
  for (const auto& line : gateway.summary()) fmt::print("  {}\n", line);
  if (mocks != nullptr) {
    for (const auto& line : mocks->summary()) fmt::print("  {}\n", line);
  }
  for (const auto& address : gateway.addresses()) fmt::print("listening on {}\n", address);
  if (demo) fmt::print(kDemoHint, url_of(gateway.addresses().front()));
  std::fflush(stdout);
}

}  // namespace

int serve(const ServeCommand& command) {
  Signals signals;
  const auto config = load_configuration(command.config, command.demo);
  check_files(config);
  const SystemClock clock;
  std::unique_ptr<mock::DemoMocks> mocks;
  if (command.demo) mocks = std::make_unique<mock::DemoMocks>(config, clock);
  Gateway gateway(config, [&command] {
    auto wanted = load_configuration(command.config, command.demo);
    check_files(wanted);
    return wanted;
  });
  gateway.start();
  print_start(gateway, config, command.demo, mocks.get());
  ServiceManager manager(
      [&gateway](std::chrono::milliseconds time) { return gateway.answers(time); });
  manager.ready();
  signals.wait_for_end([&] {
    manager.reloading();
    gateway.on_hangup();
    manager.ready();
  });
  signals.end_at_once_from_now_on();
  manager.stopping();
  gateway.stop();
  return kExitOk;
}

}  // namespace heliograph::app
