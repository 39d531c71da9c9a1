// Test support: an smtp provider in a fake gateway with real descriptors, whose clock goes on with
// the real one while a test waits.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/testing.hpp>

#include "plugins/providers/smtp/tests/fake_server.h"

namespace heliograph::plugins::smtp {

using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::MessageSpec;
using sdk::testing::ProviderDriver;
using sdk::testing::SendRecord;
using sdk::testing::Value;

// An e-mail from a@example.com to b@example.org.
MessageSpec mail();

class ProviderTest : public ::testing::Test {
 protected:
  // Without TLS to that port, unless `json`, the [provider.config] table, says otherwise.
  void create(int port, std::string_view json = "{}");
  // A server that follows the script, and the provider for it.
  void serve(Script script = {}, std::string_view json = "{}");
  // The text with which creation fails, "" when it does not.
  static std::string create_error(std::string_view json);

  hg_op send(const MessageSpec& message = mail(), std::uint64_t deadline_mono_ns = 0);
  SendRecord result_of(hg_op op);
  SendRecord outcome(const MessageSpec& message = mail()) { return result_of(send(message)); }
  // Lets descriptors and timers do their work until then; false after ten seconds.
  bool until(const std::function<bool()>& done);
  // The server has seen that, while the provider went on.
  bool until_seen(const std::function<bool(const Seen&)>& condition);

  void TearDown() override;

  FakeHost host{"mailer"};
  std::unique_ptr<FakeServer> server;
  std::unique_ptr<Instance> instance;
  std::unique_ptr<ProviderDriver> provider;
};

}  // namespace heliograph::plugins::smtp
