// Test support: an http provider in a fake gateway, configured by a table.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::http {

using sdk::testing::FakeHost;
using sdk::testing::HttpReply;
using sdk::testing::Instance;
using sdk::testing::MessageSpec;
using sdk::testing::ProviderDriver;
using sdk::testing::SendRecord;
using sdk::testing::Value;

class ProviderTest : public ::testing::Test {
 protected:
  // `json` is the [provider.config] table; url is added when absent.
  void create(std::string_view json = "{}");
  // The text with which creation fails, "" when it does not.
  static std::string create_error(std::string_view json);

  // Sends a message that is answered so, and returns the outcome.
  SendRecord outcome(const HttpReply& reply, const MessageSpec& message = {});
  // The one request a message causes.
  sdk::testing::HttpRequestRecord request(const MessageSpec& message = {});

  // Posts to the provider's events.
  sdk::testing::IngressReply post(Instance::Request request);

  void TearDown() override;

  FakeHost host{"provider1"};
  std::unique_ptr<Instance> instance;
  std::unique_ptr<ProviderDriver> provider;
};

}  // namespace heliograph::plugins::http
