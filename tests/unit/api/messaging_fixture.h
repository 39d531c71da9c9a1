// MessagingTest: the API with the facade messaging on, running as a client of its own.
#pragma once

#include <string>
#include <utility>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {

class MessagingTest : public ApiTest {
 protected:
  // The quickstart's.
  static constexpr const char* kMessage =
      R"({"from":"+15551234567","to":"+15559876543","type":"sms","body":"Hello from Hatch!"})";
  static constexpr const char* kSend = "/api/v1/messages/send";
  static constexpr model::ProviderKey kPhones{7};
  static constexpr model::ProviderKey kMails{8};

  MessagingTest() {
    model::Client& client = store.add("facades", "unused", model::kScopeSend, 100);
    facade = client.id;
    settings.facades.client = client;
    settings.reporting = {{.id = "phones", .channels = 1 | 4, .key = kPhones},
                          {.id = "mails", .channels = 2, .key = kMails}};
    intake_settings.providers = {{"phones", 1 | 4}, {"mails", 2}};
    conversations.on_report = [this](ports::ProviderReport report) {
      ports::ReportResult result{.taken = !store.disk_full};
      result.receipts = store.take_receipts(std::move(report.receipts));
      for (model::InboundMessage& message : report.inbound) {
        inbound.push_back(std::move(message));
        result.inbound.push_back({.id = {}});
      }
      return result;
    };
    rebuild();
  }

  // A request as the service's clients send it: JSON, without a key.
  static http::Request call(std::string target, std::string body) {
    http::Request request = post(std::move(target), "{}", "");
    request.body = std::move(body);
    return request;
  }
  static http::Request form(std::string target, std::string body) {
    http::Request request = call(std::move(target), std::move(body));
    for (auto& [name, value] : request.headers) {
      if (name == "content-type") value = "application/x-www-form-urlencoded";
    }
    return request;
  }
  nlohmann::json read(std::string target) {
    const http::Response response = send(get(std::move(target), ""));
    EXPECT_EQ(response.status, 200u) << response.body;
    return json_of(response);
  }
  model::MessageView& put(model::Status status) { return store.put(facade, status); }

  model::ClientId facade{};
  std::vector<model::InboundMessage> inbound;  // that were taken
};

}  // namespace heliograph::test
