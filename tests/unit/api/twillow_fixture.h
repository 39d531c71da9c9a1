// TwillowTest: the API with the facade twillow on, running as a client of its own.
#pragma once

#include <string>
#include <utility>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {

class TwillowTest : public ApiTest {
 protected:
  static constexpr const char* kMessage = R"({"phone":"01921317475","text":"Hello"})";

  TwillowTest() {
    model::Client& client = store.add("facades", "unused", model::kScopeSend, 100);
    facade = client.id;
    settings.facades.client = client;
    settings.sms_providers = {"provider1", "provider2"};
    intake_settings.providers = {{"provider1", 1}, {"provider2", 1}, {"mailer", 2}};
    for (const char* id : {"provider1", "provider2"}) {
      pipeline::ProviderStatus status;
      status.id = id;
      status.channels = {model::Channel::kSms};
      status.max_in_flight = 64;
      providers.all.push_back(std::move(status));
    }
    pipeline::ProviderStatus mailer;
    mailer.id = "mailer";
    mailer.channels = {model::Channel::kEmail};
    mailer.sends = 1'000;
    mailer.max_in_flight = 1'000;
    providers.all.push_back(std::move(mailer));
    rebuild();
  }

  // A request as Twillow's clients send it: JSON, without a key.
  static http::Request call(std::string target, std::string body) {
    http::Request request = post(std::move(target), "{}", "");
    request.body = std::move(body);
    return request;
  }
  nlohmann::json read(std::string target) {
    const http::Response response = send(get(std::move(target), ""));
    EXPECT_EQ(response.status, 200u) << response.body;
    return json_of(response);
  }

  model::ClientId facade{};
};

}  // namespace heliograph::test
