// What a file that is right makes of the configuration.
#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Loader, TakesAnEmptyFileAsTheDefaults) {
  Config expected;
  expected.source = "/etc/heliograph/test.toml";
  expected.store.path = "/etc/heliograph/data/heliograph.db";
  EXPECT_EQ(loaded(""), expected);
}

TEST(Loader, ReadsTheHttpSection) {
  const Config config = loaded(R"(
[http]
listen = "[::1]:0"
threads = 4
max_connections = 10
max_connections_per_address = 5
trusted_proxies = ["10.0.0.0/8", "::1"]
hostnames = ["sms.example.com"]
cors_origins = ["https://app.example.com", "*"]
[[http.listener]]
listen = "0.0.0.0:8443"
cert = "tls/server.pem"
key = "/keys/server.key"
client_ca = "tls/ca.pem"
roles = ["admin"]
)");
  EXPECT_EQ(config.http.listen, "[::1]:0");
  EXPECT_EQ(config.http.threads, 4);
  EXPECT_EQ(config.http.max_connections, 10u);
  EXPECT_EQ(config.http.max_connections_per_address, 5u);
  EXPECT_THAT(config.http.trusted_proxies, ElementsAre("10.0.0.0/8", "::1"));
  EXPECT_THAT(config.http.hostnames, ElementsAre("sms.example.com"));
  EXPECT_THAT(config.http.cors_origins, ElementsAre("https://app.example.com", "*"));
  const Listener expected{"0.0.0.0:8443",
                          "/etc/heliograph/tls/server.pem",
                          "/keys/server.key",
                          "/etc/heliograph/tls/ca.pem",
                          {"admin"}};
  EXPECT_THAT(config.http.listeners, ElementsAre(expected));
}

TEST(Loader, ReadsTheOperation) {
  const Config config = loaded(R"(
roles = ["dispatch", "api"]
[store]
path = "../db/x.db"
min_free = "1GiB"
[queue]
max_depth = 7
window = 8
[messages]
validity = "10m"
text_max = 918
content_max = "64KiB"
default_from = "Acme"
default_from_email = "acme@example.com"
[numbers]
validation = "possible"
default_region = "BD"
[retry]
min_delay = "1s"
max_delay = "1s"
factor = 3
max_attempts = 9
jitter = "none"
[health]
window = "60s"
failure_threshold = 0.5
min_attempts = 20
cooldown = "2m"
probes = 5
[in_doubt]
policy = "at_most_once"
wait = "5s"
[billing]
price_per_part_cents = 0
capture_on = "sent"
hold_timeout = "1h"
on_unknown = "capture"
[idempotency]
retention = "24h"
[retention]
body = "1d"
metadata = "2d"
[callbacks]
allow_cidrs = ["192.168.0.0/16"]
allow_http = true
timeout = "30s"
max_in_flight = 4
retry_delays = ["1s", "1m30s"]
[shutdown]
drain_timeout = "0s"
[log]
level = "debug"
format = "json"
)");
  EXPECT_THAT(config.roles, ElementsAre("dispatch", "api"));
  EXPECT_EQ(config.store, (Store{"sqlite", "/etc/db/x.db", 1ull << 30}));
  EXPECT_EQ(config.queue, (Queue{7, 8}));
  EXPECT_EQ(config.messages, (Messages{minutes{10}, 918, 65'536, "Acme", "acme@example.com"}));
  EXPECT_EQ(config.numbers, (Numbers{"possible", "BD"}));
  EXPECT_EQ(config.retry, (Retry{seconds{1}, seconds{1}, 3.0, 9, false}));
  EXPECT_EQ(config.health, (Health{seconds{60}, 0.5, 20, minutes{2}, 5}));
  EXPECT_EQ(config.in_doubt, (InDoubt{model::InDoubt::kAtMostOnce, seconds{5}}));
  EXPECT_EQ(config.billing, (Billing{0, "sent", hours{1}, "capture"}));
  EXPECT_EQ(config.idempotency_retention, hours{24});
  EXPECT_EQ(config.retention, (Retention{hours{24}, hours{48}}));
  EXPECT_EQ(config.callbacks,
            (Callbacks{{"192.168.0.0/16"}, true, seconds{30}, 4, {seconds{1}, seconds{90}}}));
  EXPECT_EQ(config.drain_timeout, milliseconds{0});
  EXPECT_EQ(config.log, (Log{"debug", "json"}));
}

TEST(Loader, ReadsLimits) {
  const Config config = loaded(R"(
[limits]
total = { limit = 200, window = "2s" }
client = { rate = 0.5 }
dispatch = { limit = 500, algorithm = "token_bucket", burst = 50, unit = "parts" }
)");
  EXPECT_EQ(config.limits.total, (Limit{200, seconds{2}, "sliding_window", 0, "messages"}));
  EXPECT_EQ(config.limits.client, (ClientRate{0.5, 1.0}));  // a burst lets one message through
  EXPECT_EQ(config.limits.dispatch, (Limit{500, seconds{1}, "token_bucket", 50, "parts"}));
  EXPECT_EQ(loaded("[limits]\nclient = { rate = 100 }").limits.client, (ClientRate{100, 100}));
  EXPECT_EQ(loaded("[limits.client]\nrate = 100\nburst = 200").limits.client,
            (ClientRate{100, 200}));
  EXPECT_FALSE(loaded("[limits]").limits.total);
}

TEST(Loader, ReadsProvidersInTheirOrder) {
  const Config config = loaded(R"(
[[provider]]
id = "zulu"
plugin = "http"
[[provider]]
id = "alpha-1.x"
plugin = "acme_smpp"
channels = ["mms", "sms"]
weight = 3
priority = 1
cost_micros = 4500
limit = { limit = 50 }
max_in_flight = 8
timeout = "750ms"
receipts = false
required = false
enabled = false
)");
  ASSERT_EQ(config.providers.size(), 2u);
  EXPECT_EQ(config.providers[0].id, "zulu");
  const Provider& alpha = config.providers[1];
  EXPECT_EQ(alpha.id, "alpha-1.x");
  EXPECT_EQ(alpha.plugin, "acme_smpp");
  EXPECT_THAT(alpha.channels, ElementsAre(model::Channel::kMms, model::Channel::kSms));
  EXPECT_EQ(alpha.weight, 3u);
  EXPECT_EQ(alpha.priority, 1u);
  EXPECT_EQ(alpha.cost_micros, 4500u);
  EXPECT_EQ(alpha.limit, (Limit{50, seconds{1}, "sliding_window", 0, "messages"}));
  EXPECT_EQ(alpha.max_in_flight, 8u);
  EXPECT_EQ(alpha.timeout, milliseconds{750});
  EXPECT_FALSE(alpha.receipts || alpha.required || alpha.enabled);
}

TEST(Loader, HandsPluginTablesOnAsJson) {
  const Config config = loaded(R"(
[limiter]
plugin = "redis"
guard = "5ms"
config = { url = "env:REDIS" }
[distributor]
plugin = "least_failure"
[[provider]]
id = "acme"
plugin = "http"
[provider.config]
url = "http://127.0.0.1:1/"
token = "env:TOKEN"
retries = 3
ratio = 0.5
deep = { list = [1, "two", [true]], when = 2026-11-22T14:35:00Z }
)");
  EXPECT_EQ(config.limiter.plugin, "redis");
  EXPECT_EQ(config.limiter.guard, milliseconds{5});
  EXPECT_EQ(config.limiter.config.json, R"({"url":"env:REDIS"})");
  EXPECT_EQ(config.limiter.config.where, "/etc/heliograph/test.toml:5: [limiter.config]");
  EXPECT_EQ(config.distributor.plugin, "least_failure");
  EXPECT_EQ(config.distributor.config.json, "{}");
  EXPECT_EQ(config.distributor.config.where, "/etc/heliograph/test.toml:6: [distributor.config]");
  EXPECT_EQ(config.providers.at(0).config.json,
            R"({"deep":{"list":[1,"two",[true]],"when":"2026-11-22T14:35:00Z"},)"
            R"("ratio":0.5,"retries":3,"token":"env:TOKEN","url":"http://127.0.0.1:1/"})");
  EXPECT_EQ(config.providers.at(0).config.where,
            "/etc/heliograph/test.toml:11: [provider.config] 'acme'");
}

TEST(Loader, ResolvesPluginPaths) {
  const Config config = loaded(R"(
[plugins]
path = ["plugins", "/opt/plugins"]
[[plugin]]
id = "acme"
file = "x/acme.so"
sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
required = false
)");
  EXPECT_THAT(config.plugins.path, ElementsAre("/etc/heliograph/plugins", "/opt/plugins"));
  const PluginFile expected{"acme", "/etc/heliograph/x/acme.so", std::string(64, 'a'), false};
  EXPECT_THAT(config.plugins.files, ElementsAre(expected));
}

TEST(Loader, ReadsClientsAndHashesTheirKeys) {
  const Config config = loaded(R"(
[[client]]
name = "a"
key = "secret"
[[client]]
name = "b"
key = "env:B_KEY"
credit_cents = 100000
billing = false
rate = 2.5
burst = 5
price_per_part_cents = 3
default_region = "US"
in_doubt = "at_least_once"
scopes = ["admin"]
[[client]]
name = "c"
key_sha256 = "ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD"
)",
                               {{"B_KEY", "abc"}});
  ASSERT_EQ(config.clients.size(), 3u);
  // echo -n secret | sha256sum
  EXPECT_EQ(config.clients[0].key_sha256,
            "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  EXPECT_EQ(config.clients[0].scopes, model::kScopeSend | model::kScopeRead);
  // The digest of "abc" in FIPS 180-2, B.1.
  EXPECT_EQ(config.clients[1].key_sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(config.clients[1].credit_cents, 100'000);
  EXPECT_FALSE(config.clients[1].billing);
  EXPECT_EQ(config.clients[1].rate, 2.5);
  EXPECT_EQ(config.clients[1].burst, 5.0);
  EXPECT_EQ(config.clients[1].price_per_part_cents, 3);
  EXPECT_EQ(config.clients[1].default_region, "US");
  EXPECT_EQ(config.clients[1].in_doubt, model::InDoubt::kAtLeastOnce);
  EXPECT_EQ(config.clients[1].scopes, model::kScopeAdmin);
  EXPECT_EQ(config.clients[2].key_sha256.substr(0, 6), "abcdef");
}

TEST(Loader, ReadsQuietHours) {
  const Config config = loaded(R"(
[[client]]
name = "a"
quiet_hours = { from = "21:00", to = "08:30" }
[[client]]
name = "b"
[client.quiet_hours]
from = "00:00"
to = "06:00"
channels = ["sms", "email"]
timezone = "Asia/Dhaka"
[[client]]
name = "c"
)");
  ASSERT_EQ(config.clients.size(), 3u);
  using model::Channel;
  using std::chrono::minutes;
  EXPECT_EQ(config.clients[0].quiet_hours,
            (QuietHours{minutes{1260}, minutes{510}, {Channel::kSms, Channel::kMms}, ""}));
  EXPECT_EQ(config.clients[1].quiet_hours,
            (QuietHours{minutes{0}, minutes{360}, {Channel::kSms, Channel::kEmail}, "Asia/Dhaka"}));
  EXPECT_EQ(config.clients[2].quiet_hours, std::nullopt);
}

TEST(Loader, ReadsPrices) {
  const Config config = loaded(R"(
[[client]]
name = "a"
[[price]]
prefix = "+880"
cents = 3
[[price]]
prefix = "+880"
client = "a"
cents = 0
[[price]]
channel = "email"
cents = 1
)");
  using model::Channel;
  EXPECT_EQ(config.prices, (std::vector<model::PriceRule>{{"", Channel::kSms, "+880", 3},
                                                          {"a", Channel::kSms, "+880", 0},
                                                          {"", Channel::kEmail, "", 1}}));
}

TEST(Loader, SaysWhyAKeyCannotBeHad) {
  const auto error = errors("[[client]]\nname = \"a\"\nkey = \"env:NOT_THERE\"");
  EXPECT_THAT(error, ElementsAre("test.toml:3: [[client]] 'a' key: environment variable NOT_THERE "
                                 "is not set"));
  EXPECT_THAT(errors("[[client]]\nname = \"a\"\nkey = \"\""),
              ElementsAre("test.toml:3: [[client]] 'a' key: is empty"));
}

TEST(Loader, SwitchesFacadesOffWithoutTheirClient) {
  const Config without = loaded("[facades]\nclient = \"ghost\"");
  EXPECT_EQ(without.facades.client, "");
  EXPECT_THAT(without.notes, ElementsAre("facades.client 'ghost' is no declared [[client]]: the "
                                         "facades are off"));
  const Config with = loaded("[facades]\nclient = \"a\"\n[[client]]\nname = \"a\"");
  EXPECT_EQ(with.facades.client, "a");
  EXPECT_THAT(with.notes, IsEmpty());
}

TEST(Loader, WarnsOfCallbacksThatNobodySends) {
  const Config config =
      loaded("[[client]]\nname = \"a\"\ncallback_url = \"https://example.com/hook\"");
  EXPECT_EQ(config.clients.at(0).callback_url, "https://example.com/hook");
  EXPECT_THAT(config.notes, IsEmpty());
}

}  // namespace
}  // namespace heliograph::config
