#include "core/app/command_line.h"

#include <gtest/gtest.h>

#include "core/app/exit_codes.h"

namespace heliograph::app {
namespace {

template <class... Arguments>
std::variant<Command, int> parse(Arguments... arguments) {
  const std::vector<const char*> argv = {"heliograph", arguments...};
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

template <class T>
T command(const std::variant<Command, int>& parsed) {
  return std::get<T>(std::get<Command>(parsed));
}

TEST(CommandLine, Serve) {
  EXPECT_TRUE(command<ServeCommand>(parse("serve", "--demo")).demo);
  EXPECT_EQ(command<ServeCommand>(parse("serve", "-c", "x.toml")).config, "x.toml");
}

TEST(CommandLine, MockProvider) {
  const auto mock = command<MockProviderCommand>(
      parse("mock-provider", "--port", "9", "--latency", "20", "--dedupe"));
  EXPECT_EQ(mock.options.listen, "127.0.0.1:9");
  EXPECT_EQ(mock.options.behaviour.latency, mock::milliseconds{20});
  EXPECT_TRUE(mock.options.behaviour.dedupe);
}

TEST(CommandLine, Client) {
  const auto parsed = command<DatabaseCommand>(
      parse("client", "add", "shop", "--scopes", "send,admin", "--price", "7"));
  const auto& add = std::get<ClientAddCommand>(parsed.action);
  EXPECT_EQ(add.name, "shop");
  EXPECT_EQ(add.scopes, (std::vector<std::string>{"send", "admin"}));
  EXPECT_EQ(add.price_per_part_cents, 7);
  const auto credit = command<DatabaseCommand>(parse("client", "credit", "shop", "-250"));
  EXPECT_EQ(std::get<ClientCreditCommand>(credit.action).cents, -250);
}

TEST(CommandLine, MistakesAreUsageErrors) {
  EXPECT_EQ(std::get<int>(parse()), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("fly")), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("serve", "--colour")), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("mock-provider", "--success-rate", "2")), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("--help")), kExitOk);
}

}  // namespace
}  // namespace heliograph::app
