// Sends mails through the provider as a gateway would: for tests against a real mail server.
//
//   send_tool < request.json      {"config": {...}, "messages": [{"id", "from", "to", "subject",
//                                  "body", "content_type", "headers": {}, "parts": [{"kind",
//                                  "content_type", "name", "body" or "file"}]}]}
//
// One message after the other; prints a line of JSON for each.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <heliograph/testing/testing.hpp>

namespace {

namespace testing = heliograph::sdk::testing;
using testing::Value;

std::string text_at(const Value& value, std::string_view key, std::string_view otherwise = "") {
  const Value* const found = value.find(key);
  return found == nullptr ? std::string(otherwise) : found->text();
}

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

testing::PartSpec part_of(const Value& value) {
  testing::PartSpec part;
  part.kind = static_cast<std::uint32_t>(value.find("kind")->integer());
  part.content_type = text_at(value, "content_type");
  part.name = text_at(value, "name");
  part.body = text_at(value, "body");
  if (value.find("file") != nullptr) {
    std::ifstream file(text_at(value, "file"), std::ios::binary);
    part.body = read_all(file);
  }
  return part;
}

testing::MessageSpec message_of(const Value& value) {
  testing::MessageSpec message;
  message.channel = HG_CH_EMAIL;
  message.id = text_at(value, "id", message.id);
  message.from = text_at(value, "from");
  message.to = text_at(value, "to");
  message.subject = text_at(value, "subject");
  message.body = text_at(value, "body");
  message.content_type = text_at(value, "content_type");
  if (const Value* const headers = value.find("headers")) {
    for (const auto& [name, text] : headers->children())
      message.headers.emplace_back(name, text.text());
  }
  if (const Value* const parts = value.find("parts")) {
    for (const auto& [index, part] : parts->children()) message.parts.push_back(part_of(part));
  }
  return message;
}

// The host's clock follows the real one while it waits.
testing::SendRecord wait_for(testing::FakeHost& host, hg_op op) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point give_up = Clock::now() + std::chrono::seconds{20};
  Clock::time_point last = Clock::now();
  while (!host.run_until([&] { return host.sent(op).has_value(); }, std::chrono::milliseconds{2})) {
    const Clock::time_point now = Clock::now();
    if (now > give_up) break;
    host.advance(now - last);
    last = now;
  }
  return host.sent(op).value_or(
      testing::SendRecord{.provider_msg_id = {}, .provider_code = {}, .detail = "no completion"});
}

int run() {
  const Value request = Value::parse(read_all(std::cin));
  testing::FakeHost host("mailer");
  host.set_unix_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count());
  const testing::Plugin plugin(&hg_plugin_entry_v1);
  {
    testing::Instance instance(host, plugin.component("smtp"), *request.find("config"));
    const testing::StepRecord started = instance.start();
    if (started.status != HG_OK) throw std::runtime_error(started.text);
    testing::ProviderDriver provider(instance);
    for (const auto& [index, value] : request.find("messages")->children()) {
      const testing::SendRecord sent = wait_for(host, provider.send(message_of(value)).op);
      std::cout << Value::table({{"outcome", sent.outcome},
                                 {"id", sent.provider_msg_id},
                                 {"code", sent.provider_code},
                                 {"detail", sent.detail}})
                       .json()
                << std::endl;
    }
  }
  for (const std::string& violation : host.violations()) std::cerr << violation << '\n';
  return host.violations().empty() ? 0 : 1;
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // as in the gateway: rule R10
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "send_tool: " << error.what() << '\n';
    return 2;
  }
}
