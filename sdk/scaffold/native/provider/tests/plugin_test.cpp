// The provider with a scripted peer: what is sent, and what each answer means for the message.
#include <heliograph/testing/testing.hpp>

#include "expect.hpp"

using namespace heliograph::sdk::testing;

namespace {

void outcome_is(ProviderDriver& provider, FakeHost& host, const HttpReply& reply,
                std::uint32_t outcome) {
  host.http().script(reply);
  const auto result = provider.result_of();
  EXPECT(result && result->outcome == outcome);
}

void sends_and_tells_outcomes(const Plugin& plugin) {
  FakeHost host;
  {
    Instance instance(host, plugin.component("@NAME@"),
                      Value::table({{"url", "http://peer/send"}}));
    EXPECT(instance.start().status == HG_OK);
    ProviderDriver provider(instance);

    host.http().script(HttpReply::json(202, R"({"message_id":"m-1"})"));
    const auto sent = provider.result_of();
    EXPECT(sent && sent->outcome == HG_SENT && sent->provider_msg_id == "m-1");
    EXPECT(host.http().requests().size() == 1 &&
           host.http().requests()[0].url == "http://peer/send");

    outcome_is(provider, host, HttpReply::json(400, "{}"), HG_REJECTED);
    outcome_is(provider, host, HttpReply::json(401, "{}"), HG_REFUSED);
    outcome_is(provider, host, HttpReply::json(500, "{}"), HG_RETRY);
    outcome_is(provider, host, HttpReply::with_header(429, "retry-after", "2"), HG_THROTTLED);
    outcome_is(provider, host, HttpReply::refused_connection(), HG_RETRY);
    outcome_is(provider, host, HttpReply::broken_after_write(), HG_UNKNOWN);
  }
  EXPECT(host.violations() == FakeHost::kNone);
}

}  // namespace

int main() {
  const Plugin plugin(&hg_plugin_entry_v1);
  sends_and_tells_outcomes(plugin);
  return failures();
}
