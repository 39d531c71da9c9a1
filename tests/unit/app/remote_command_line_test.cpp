#include <gtest/gtest.h>

#include "core/app/command_line.h"
#include "core/app/exit_codes.h"

namespace heliograph::app {
namespace {

template <class... Arguments>
std::variant<Command, int> parse(Arguments... arguments) {
  const std::vector<const char*> argv = {"heliograph", arguments...};
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

RemoteCommand remote(const std::variant<Command, int>& parsed) {
  return std::get<RemoteCommand>(std::get<Command>(parsed));
}

TEST(RemoteCommandLine, Send) {
  const auto parsed =
      remote(parse("send", "--to", "+1555", "--from", "TEST", "--text", "", "--wait", "3",
                   "--metadata", "a=1", "--metadata", "b=2", "--json", "--url", "http://x"));
  const auto& send = std::get<SendCommand>(parsed.action);
  EXPECT_EQ(send.text, "");  // said to be empty, which is not the same as not said
  EXPECT_EQ(send.wait, 3);
  EXPECT_EQ(send.metadata, (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_TRUE(parsed.remote.json);
  EXPECT_EQ(parsed.remote.url, "http://x");
  const auto bare = std::get<SendCommand>(remote(parse("send", "--to", "+1555")).action);
  EXPECT_EQ(bare.text, std::nullopt);
  EXPECT_EQ(bare.wait, std::nullopt);
}

TEST(RemoteCommandLine, MessagesListsUnlessTold) {
  const auto list =
      remote(parse("messages", "--status", "SENT", "--after", "2026-01-01T00:00:00Z"));
  const std::vector<std::pair<std::string, std::string>> filters = {
      {"status", "SENT"}, {"created_after", "2026-01-01T00:00:00Z"}};
  EXPECT_EQ(std::get<MessagesListCommand>(list.action).filters, filters);
  EXPECT_EQ(std::get<MessageShowCommand>(remote(parse("messages", "show", "m")).action).id, "m");
  EXPECT_EQ(std::get<MessageCancelCommand>(remote(parse("messages", "cancel", "m")).action).id,
            "m");
}

TEST(RemoteCommandLine, RequeueNamesThemOrSaysAll) {
  const auto named = remote(parse("messages", "requeue", "a", "b", "--validity", "10m"));
  EXPECT_EQ(std::get<MessagesRequeueCommand>(named.action).ids,
            (std::vector<std::string>{"a", "b"}));
  const auto all = remote(parse("messages", "requeue", "--all", "--reason", "rejected"));
  EXPECT_TRUE(std::get<MessagesRequeueCommand>(all.action).all);
  EXPECT_EQ(std::get<int>(parse("messages", "requeue")), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("messages", "requeue", "a", "--all")), kExitUsage);
  EXPECT_EQ(std::get<int>(parse("messages", "requeue", "--reason", "rejected")), kExitUsage);
}

}  // namespace
}  // namespace heliograph::app
