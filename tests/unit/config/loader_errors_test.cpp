// What is wrong with a file, line by line. Each case states the whole error.
#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Case {
  std::string toml;
  std::string error;
};

// Each file has exactly the one error said of it.
testing::AssertionResult told(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto lines = errors(c.toml);
    if (lines.size() == 1 && lines.front() == c.error) continue;
    return testing::AssertionFailure()
           << c.toml << "\nis told: " << testing::PrintToString(lines) << "\nand not: " << c.error;
  }
  return testing::AssertionSuccess();
}

TEST(ConfigErrors, OfSyntax) {
  const auto lines = errors("[http]\nlisten = \n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("test.toml:2: "));
  EXPECT_THAT(errors("[http]\n[http]\n").at(0), HasSubstr("test.toml:2: "));
  EXPECT_THAT(errors("a = \"\xFF\"").at(0), HasSubstr("test.toml:1: "));
}

// What is quoted could forge a line of a log.
TEST(ConfigErrors, AreOneLineEach) {
  EXPECT_EQ(errors("[log]\nlevel = \"a\\nb\\u007f\"").at(0),
            "test.toml:2: [log] level: \"a\\x0ab\\x7f\" is none of \"trace\", \"debug\", \"info\", "
            "\"warn\", \"error\"");
  for (const std::string& line : errors("[x]\na = i\n\"\"\"two\nlines\"\"\"\x11 }"))
    EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(ConfigErrors, OfUnknownKeys) {
  EXPECT_TRUE(told({
      {"[retry]\nmax_dealy = \"5m\"",
       "test.toml:2: [retry] max_dealy: unknown key; did you mean \"max_delay\"?"},
      {"[retri]\nfactor = 2", "test.toml:1: retri: unknown key; did you mean \"retry\"?"},
      {"[queue]\nsize = 1", "test.toml:2: [queue] size: unknown key; known are max_depth, window"},
      {"[limits]\ntotal = { limit = 1, windows = \"1s\" }",
       "test.toml:2: [limits] total.windows: unknown key; did you mean \"window\"?"},
      {provider_with("wieght = 1"),
       "test.toml:4: [[provider]] 'acme' wieght: unknown key; did you mean \"weight\"?"},
      {"[[provider]]\nid = 5\nplugin = \"http\"",
       "test.toml:2: [[provider]] #1 id: expected a string, found an integer"},
      {"[http]\n[[http.listener]]\nlisten = \"127.0.0.1:1\"\ncrt = \"x\"",
       "test.toml:4: [[http.listener]] '127.0.0.1:1' crt: unknown key; did you mean \"cert\"?"},
      {"something_else_entirely = 1", "test.toml:1: something_else_entirely: unknown key"},
  }));
}

TEST(ConfigErrors, OfTypes) {
  EXPECT_TRUE(told({
      {"http = 5", "test.toml:1: http: expected a table, found an integer"},
      {"[[http]]\nlisten = \"127.0.0.1:1\"", "test.toml:1: http: expected a table, found an array"},
      {"[http]\nlisten = 8080", "test.toml:2: [http] listen: expected a string, found an integer"},
      {"[http]\nthreads = \"2\"", "test.toml:2: [http] threads: expected an integer, found \"2\""},
      {"[http]\nthreads = 2.5",
       "test.toml:2: [http] threads: expected an integer, found a number with a fraction"},
      {"[http]\nhostnames = \"a\"",
       "test.toml:2: [http] hostnames: expected an array of strings, none of them empty, found "
       "\"a\""},
      {"[http]\nhostnames = [1]",
       "test.toml:2: [http] hostnames: expected an array of strings, none of them empty, found an "
       "array"},
      {"[facades]\nallow_remote = 1",
       "test.toml:2: [facades] allow_remote: expected true or false, found an integer"},
      {"[facades]\nallow_remote = \"true\"",
       "test.toml:2: [facades] allow_remote: expected true or false, found \"true\""},
      {"[retry]\nmin_delay = 2",
       "test.toml:2: [retry] min_delay: expected a duration with its unit, such as \"250ms\", "
       "\"30s\" or \"5m\", found an integer"},
      {"[retry]\nmin_delay = \"2\"",
       "test.toml:2: [retry] min_delay: expected a duration with its unit, such as \"250ms\", "
       "\"30s\" or \"5m\", found \"2\""},
      {"[retry]\nfactor = \"2\"", "test.toml:2: [retry] factor: expected a number, found \"2\""},
      {"[retry]\nmin_delay = 2024-01-01",
       "test.toml:2: [retry] min_delay: expected a duration with its unit, such as \"250ms\", "
       "\"30s\" or \"5m\", found a date or time"},
      {"[store]\nmin_free = 5",
       "test.toml:2: [store] min_free: expected a size such as \"64KiB\" or \"16MiB\", found an "
       "integer"},
      {"[store]\nmin_free = \"5 MB\"",
       "test.toml:2: [store] min_free: expected a size such as \"64KiB\" or \"16MiB\", found \"5 "
       "MB\""},
      {"[provider]\nid = \"a\"",
       "test.toml:1: provider: expected tables, written [[provider]], found a table"},
      {"provider = [1]",
       "test.toml:1: provider: expected tables, written [[provider]], found an integer"},
      {provider_with("config = 1"),
       "test.toml:4: [[provider]] 'acme' config: expected a table, found an integer"},
      {provider_with("limit = 50"),
       "test.toml:4: provider.*.limit: expected a table, found an integer"},
      {"[store]\npath = \"a\\nb\"", "test.toml:2: [store] path: holds a control character"},
  }));
}

TEST(ConfigErrors, OfRanges) {
  EXPECT_TRUE(told({
      {"[http]\nthreads = 0", "test.toml:2: [http] threads: 0 is out of range, expected 1 to 64"},
      {"[http]\nthreads = -1", "test.toml:2: [http] threads: -1 is out of range, expected 1 to 64"},
      {"[http]\nmax_connections = 9223372036854775807",
       "test.toml:2: [http] max_connections: 9223372036854775807 is out of range, expected 1 to "
       "1000000"},
      {"[retry]\nfactor = 0.5",
       "test.toml:2: [retry] factor: 0.5 is out of range, expected 1 to 100"},
      {"[retry]\nfactor = nan",
       "test.toml:2: [retry] factor: nan is out of range, expected 1 to 100"},
      {"[retry]\nmin_delay = \"0s\"",
       "test.toml:2: [retry] min_delay: 0s is out of range, expected 1ms to 3650d"},
      {"[retry]\nmax_attempts = 0",
       "test.toml:2: [retry] max_attempts: 0 is out of range, expected 1 to 1000"},
      {"[health]\nfailure_threshold = 70",
       "test.toml:2: [health] failure_threshold: 70 is out of range, expected 0.01 to 1"},
      {"[health]\ncooldown = \"1ms\"",
       "test.toml:2: [health] cooldown: 1ms is out of range, expected 1s to 1d"},
      {"[limits]\ntotal = { limit = 0 }",
       "test.toml:2: [limits] total.limit: 0 is out of range, expected 1 to 1000000000"},
      {"[limits]\ntotal = { limit = 5, window = \"0s\" }",
       "test.toml:2: [limits] total.window: 0s is out of range, expected 1ms to 31d"},
      {"[limits]\nclient = { rate = 0 }",
       "test.toml:2: [limits] client.rate: 0 is out of range, expected 0.001 to 1000000000"},
      {"[billing]\nprice_per_part_cents = -5",
       "test.toml:2: [billing] price_per_part_cents: -5 is out of range, expected 0 to "
       "1000000000"},
      {"[[client]]\nname = \"a\"\ncredit_cents = -1",
       "test.toml:3: [[client]] 'a' credit_cents: -1 is out of range, expected 0 to "
       "1000000000000000"},
      {provider_with("weight = -1"),
       "test.toml:4: [[provider]] 'acme' weight: -1 is out of range, expected 0 to 1000000"},
      {provider_with("limit = { limit = 0 }"),
       "test.toml:4: [[provider]] 'acme' limit.limit: 0 is out of range, expected 1 to "
       "1000000000"},
      {provider_with("max_in_flight = 0"),
       "test.toml:4: [[provider]] 'acme' max_in_flight: 0 is out of range, expected 1 to 1000000"},
      {"[shutdown]\ndrain_timeout = \"2h\"",
       "test.toml:2: [shutdown] drain_timeout: 2h is out of range, expected 0s to 1h"},
      {"[messages]\nsync_wait = \"31s\"",
       "test.toml:2: [messages] sync_wait: 31s is out of range, expected 0s to 30s"},
      {"[messages]\ntext_max = 0",
       "test.toml:2: [messages] text_max: 0 is out of range, expected 1 to 10000"},
  }));
}

TEST(ConfigErrors, OfChoices) {
  EXPECT_TRUE(told({
      {"[log]\nlevel = \"warning\"",
       "test.toml:2: [log] level: \"warning\" is none of \"trace\", \"debug\", \"info\", \"warn\", "
       "\"error\""},
      {"[log]\nformat = \"text\"",
       "test.toml:2: [log] format: \"text\" is none of \"console\", \"json\""},
      {"[billing]\ncapture_on = \"receipt\"",
       "test.toml:2: [billing] capture_on: \"receipt\" is none of \"delivered\", \"sent\", "
       "\"accepted\""},
      {"[billing]\non_unknown = \"keep\"",
       "test.toml:2: [billing] on_unknown: \"keep\" is none of \"release\", \"capture\""},
      {"[in_doubt]\npolicy = \"exactly_once\"",
       "test.toml:2: [in_doubt] policy: \"exactly_once\" is none of \"auto\", \"resolve_same\", "
       "\"at_least_once\", \"at_most_once\""},
      {"[retry]\njitter = \"half\"",
       "test.toml:2: [retry] jitter: \"half\" is none of \"full\", \"none\""},
      {"[numbers]\nvalidation = \"strict\"",
       "test.toml:2: [numbers] validation: \"strict\" is none of \"shape\", \"possible\""},
      {"[limiter]\ninstances = 0",
       "test.toml:2: [limiter] instances: 0 is out of range, expected 1 to 1000"},
      {"[limiter]\non_failure = \"ignore\"",
       "test.toml:2: [limiter] on_failure: \"ignore\" is none of \"local_share\", \"closed\", "
       "\"open\""},
      {"[limits]\ndispatch = { limit = 1, algorithm = \"gcra\" }",
       "test.toml:2: [limits] dispatch.algorithm: \"gcra\" is none of \"sliding_window\", "
       "\"token_bucket\""},
      {"[limits]\ndispatch = { limit = 1, unit = \"bytes\" }",
       "test.toml:2: [limits] dispatch.unit: \"bytes\" is none of \"messages\", \"parts\""},
      {"[store]\nengine = \"mysql\"",
       "test.toml:2: [store] engine: \"mysql\" is none of \"sqlite\", \"postgres\""},
      {"roles = [\"api\", \"worker\"]",
       "test.toml:1: roles: \"worker\" is none of \"api\", \"dispatch\""},
      {"roles = [\"api\"]",
       "test.toml:1: roles: one process does both in this build: name \"api\" and \"dispatch\""},
      {"roles = []", "test.toml:1: roles: names no role; known are \"api\" and \"dispatch\""},
      {provider_with("channels = [\"sms\", \"fax\"]"),
       "test.toml:4: [[provider]] 'acme' channels: \"fax\" is none of \"sms\", \"mms\", \"email\""},
      {provider_with("channels = [\"voice\"]"),
       "test.toml:4: [[provider]] 'acme' channels: \"voice\" is none of \"sms\", \"mms\", "
       "\"email\""},
      {provider_with("channels = [\"sms\", \"sms\"]"),
       "test.toml:4: [[provider]] 'acme' channels: \"sms\" is there twice"},
      {provider_with("channels = []"),
       "test.toml:4: [[provider]] 'acme' channels: names no channel"},
      {"[[client]]\nname = \"a\"\nscopes = [\"root\"]",
       "test.toml:3: [[client]] 'a' scopes: \"root\" is none of \"send\", \"read\", \"admin\""},
      {"[[client]]\nname = \"a\"\nscopes = []",
       "test.toml:3: [[client]] 'a' scopes: names no scope"},
  }));
}

TEST(ConfigErrors, OfFormats) {
  EXPECT_TRUE(told({
      {"[http]\nlisten = \"8080\"",
       "test.toml:2: [http] listen: \"8080\" is no address and port such as \"127.0.0.1:8080\" or "
       "\"[::1]:8080\""},
      {"[http]\ntrusted_proxies = [\"10.0.0.0/33\"]",
       "test.toml:2: [http] trusted_proxies: \"10.0.0.0/33\" is no address or CIDR such as "
       "\"10.0.0.0/8\""},
      {"[http]\nhostnames = [\"a b\"]", "test.toml:2: [http] hostnames: \"a b\" is no host name"},
      {"[http]\ncors_origins = [\"app.example.com\"]",
       "test.toml:2: [http] cors_origins: \"app.example.com\" is no origin such as "
       "\"https://app.example.com\""},
      {"[facades]\nmessaging_requests = 10001",
       "test.toml:2: [facades] messaging_requests: 10001 is out of range, expected 0 to 10000"},
      {"[facades]\ntwilio_auth_token = \"env:NO_SUCH_VARIABLE\"",
       "test.toml:2: [facades] twilio_auth_token: environment variable NO_SUCH_VARIABLE is not "
       "set"},
      {"[facades]\nsendgrid_public_key = \"MFk*\"",
       "test.toml:2: [facades] sendgrid_public_key: expected base64, as SendGrid shows its "
       "verification key"},
      {"[callbacks]\nallow_cidrs = [\"x\"]",
       "test.toml:2: [callbacks] allow_cidrs: \"x\" is no address or CIDR"},
      {"[callbacks]\nretry_delays = [\"5s\", \"5\"]",
       "test.toml:2: [callbacks] retry_delays: \"5\" is no duration from \"1ms\" to \"7d\""},
      {"[callbacks]\nretry_delays = [\"8d\"]",
       "test.toml:2: [callbacks] retry_delays: \"8d\" is no duration from \"1ms\" to \"7d\""},
      {"[numbers]\ndefault_region = \"bd\"",
       "test.toml:2: [numbers] default_region: \"bd\" is no region such as \"BD\" (two capital "
       "letters, ISO 3166)"},
      {"[messages]\ndefault_from = \"far too long a sender\"",
       "test.toml:2: [messages] default_from: expected an E.164 number, a short code of 3 to 8 "
       "digits, or 1 to 11 letters, digits and blanks"},
      {"[messages]\ndefault_from_email = \"Alerts <a@example.com>\"",
       "test.toml:2: [messages] default_from_email: expected an address such as "
       "\"alerts@example.com\""},
      {"[messages]\ncontent_max = \"1GiB\"",
       "test.toml:2: [messages] content_max: expected 1KiB to 16MiB"},
      {"[[provider]]\nid = \"a/b\"\nplugin = \"http\"",
       "test.toml:2: [[provider]] 'a/b' id: expected 1 to 64 letters, digits, '_', '.' and '-', "
       "not beginning with '.'"},
      {"[limiter]\nplugin = \"../evil\"",
       "test.toml:2: [limiter] plugin: expected 1 to 64 letters, digits, '_', '.' and '-', not "
       "beginning with '.'"},
      {"[[plugin]]\nid = \"a\"\nfile = \"a.so\"\nsha256 = \"abc\"",
       "test.toml:4: [[plugin]] 'a' sha256: expected 64 hexadecimal digits"},
      {"[[client]]\nname = \"a\"\nkey_sha256 = \"zz\"",
       "test.toml:3: [[client]] 'a' key_sha256: expected 64 hexadecimal digits"},
      {"[[client]]\nname = \"a\"\ncallback_url = \"ftp://x\"",
       "test.toml:3: [[client]] 'a' callback_url: expected an http:// or https:// address"},
      {"[[client]]\nname = \"a\"\ndefault_region = \"XX\"",
       "test.toml:3: [[client]] 'a' default_region: \"XX\" is no region such as \"BD\""},
      {"[[client]]\nname = \"\"", "test.toml:2: [[client]] '' name: expected 1 to 64 characters"},
      {provider_with("[provider.config]\nrate = inf"),
       "test.toml:4: [[provider]] 'acme' config: rate is not a finite number"},
  }));
}

TEST(ConfigErrors, OfUnknownRolesOfListeners) {
  EXPECT_TRUE(
      told({{"[[http.listener]]\nlisten = \"127.0.0.1:0\"\nroles = [\"metrics\", \"scrape\"]",
             "test.toml:3: [[http.listener]] '127.0.0.1:0' roles: \"scrape\" is none of \"api\", "
             "\"admin\", "
             "\"metrics\""}}));
}

TEST(ConfigErrors, OfMissingKeys) {
  EXPECT_TRUE(told({
      {"[[provider]]\nplugin = \"http\"", "test.toml:1: [[provider]] #1 id: is missing"},
      {"[[provider]]\nid = \"a\"", "test.toml:1: [[provider]] 'a' plugin: is missing"},
      {"[[client]]\nkey = \"k\"", "test.toml:1: [[client]] #1 name: is missing"},
      {"[[plugin]]\nid = \"a\"", "test.toml:1: [[plugin]] 'a' file: is missing"},
      {"[[plugin]]\nfile = \"a.so\"", "test.toml:1: [[plugin]] #1 id: is missing"},
      {"[[http.listener]]\nroles = [\"api\"]",
       "test.toml:1: [[http.listener]] #1 listen: is missing"},
      {"[limits]\ntotal = { window = \"1s\" }",
       "test.toml:2: [limits] total.limit: is missing; for no limit leave the whole table out"},
      {"[limits]\nclient = { burst = 5 }", "test.toml:2: [limits] client.rate: is missing"},
  }));
}

TEST(ConfigErrors, OfKeysThatContradictEachOther) {
  const std::string client = "[[client]]\nname = \"a\"\n";
  const std::string digest(64, 'a');
  EXPECT_TRUE(told({
      {"[retry]\nmin_delay = \"30s\"\nmax_delay = \"5s\"",
       "test.toml:3: [retry] max_delay: 5s is shorter than min_delay (30s)"},
      {"[retry]\nmin_delay = \"1h\"",  // above the default maximum
       "test.toml:1: [retry] max_delay: 30m is shorter than min_delay (1h)"},
      {"[retention]\nmetadata = \"1d\"",
       "test.toml:2: [retention] metadata: 1d is shorter than body (30d)"},
      {"[limits]\ntotal = { limit = 5, burst = 5 }",
       "test.toml:2: [limits] total.burst: only the algorithm \"token_bucket\" has a burst"},
      {"[store]\nengine = \"postgres\"\nurl = \"env:DATABASE_URL\"",
       "test.toml:2: [store] engine: \"postgres\" is not in this build; use \"sqlite\""},
      {"[store]\nurl = \"postgres://\"",
       "test.toml:2: [store] url: only the engine \"postgres\" has a url"},
      {"[[http.listener]]\nlisten = \"127.0.0.1:1\"\ncert = \"a.pem\"",
       "test.toml:1: [[http.listener]] '127.0.0.1:1' key: TLS needs both cert and key"},
      {"[[http.listener]]\nlisten = \"127.0.0.1:1\"\nkey = \"a.key\"",
       "test.toml:1: [[http.listener]] '127.0.0.1:1' cert: TLS needs both cert and key"},
      {"[[http.listener]]\nlisten = \"127.0.0.1:1\"\nclient_ca = \"a.pem\"",
       "test.toml:3: [[http.listener]] '127.0.0.1:1' client_ca: client certificates need TLS: give "
       "cert and key too"},
      {client + "key = \"k\"\nkey_sha256 = \"" + digest + "\"",
       "test.toml:3: [[client]] 'a' key: key and key_sha256 are both given; one of them is enough"},
      {client + client, "test.toml:3: [[client]] 'a': this name is there twice"},
      {client + "key = \"same\"\n[[client]]\nname = \"b\"\nkey = \"same\"",
       "test.toml:4: [[client]] 'b' key: another client has the same key"},
      {std::string(kProvider) + std::string(kProvider),
       "test.toml:4: [[provider]] 'acme': this id is there twice"},
      {"[[plugin]]\nid = \"a\"\nfile = \"1\"\n[[plugin]]\nid = \"a\"\nfile = \"2\"",
       "test.toml:4: [[plugin]] 'a': this id is there twice"},
      {provider_with("weight = 0"),
       "test.toml:1: [[provider]] weight: every provider has weight 0, so none would be chosen"},
  }));
}

TEST(ConfigErrors, OfTooManyProviders) {
  std::string toml;
  for (int i = 0; i < 64; ++i) {
    toml += "[[provider]]\nid = \"p" + std::to_string(i) + "\"\nplugin = \"http\"\n";
  }
  EXPECT_THAT(errors(toml), ElementsAre());
  EXPECT_THAT(errors(toml + std::string(kProvider)),
              ElementsAre("test.toml:193: [[provider]]: 65 providers, at most 64 are possible"));
}

TEST(ConfigErrors, ComeAllAtOnceInTheOrderOfTheirLines) {
  EXPECT_THAT(
      errors("[log]\nlevel = \"loud\"\n[http]\nthreads = 0\nhostnames = [\"a b\"]\n"
             "[[provider]]\nid = \"a\"\nweight = -1\n[retry]\nfactr = 1\n",
             {{"HELIOGRAPH_QUEUE_WINDOW", "0"}, {"PORT", "x"}}),
      ElementsAre(HasSubstr("PORT: "), HasSubstr("HELIOGRAPH_QUEUE_WINDOW: [queue] window"),
                  HasSubstr("test.toml:2: [log] level"), HasSubstr("test.toml:4: [http] threads"),
                  HasSubstr("test.toml:5: [http] hostnames"),
                  HasSubstr("test.toml:6: [[provider]] 'a' plugin"),
                  HasSubstr("test.toml:8: [[provider]] 'a' weight"),
                  HasSubstr("test.toml:10: [retry] factr")));
}

TEST(ConfigErrors, NeverShowAKey) {
  const auto lines = errors(
      "[[client]]\nname = \"a\"\nkey = \"hush\"\nkey_sha256 = \"hush\"\n"
      "[[client]]\nname = \"b\"\nkey = \"hush\"\nkye = \"hush\"\n");
  EXPECT_FALSE(lines.empty());
  for (const std::string& line : lines) EXPECT_FALSE(line.contains("hush")) << line;
}

TEST(ConfigErrors, PrintOneALine) {
  const ConfigErrors errors{{"a: 1", "b: 2"}};
  EXPECT_EQ(errors.text(), "a: 1\nb: 2");
}

std::string quiet(std::string_view hours) {
  return "[[client]]\nname = \"a\"\nquiet_hours = { " + std::string(hours) + " }";
}

TEST(ConfigErrors, OfQuietHours) {
  EXPECT_TRUE(told({
      {quiet("from = \"21:00\""), "test.toml:3: [[client]] 'a' quiet_hours.to: is missing"},
      {quiet("from = \"9:00\", to = \"08:00\""),
       "test.toml:3: [[client]] 'a' quiet_hours.from: \"9:00\" is no time of day from \"00:00\" to "
       "\"23:59\""},
      {quiet("from = \"21:00\", to = \"24:00\""),
       "test.toml:3: [[client]] 'a' quiet_hours.to: \"24:00\" is no time of day from \"00:00\" to "
       "\"23:59\""},
      {quiet("from = \"21:00\", to = \"21:00\""),
       "test.toml:3: [[client]] 'a' quiet_hours.to: is the same as from, which leaves no quiet "
       "time "
       "or no other"},
      {quiet("from = \"21:00\", to = \"08:00\", channels = []"),
       "test.toml:3: [[client]] 'a' quiet_hours.channels: names no channel"},
      {quiet("from = \"21:00\", to = \"08:00\", channels = [\"fax\"]"),
       "test.toml:3: [[client]] 'a' quiet_hours.channels: \"fax\" is none of \"sms\", \"mms\", "
       "\"email\""},
      {quiet("from = \"21:00\", to = \"08:00\", channels = [\"email\"]"),
       "test.toml:3: [[client]] 'a' quiet_hours.timezone: is missing: e-mail addresses do not tell "
       "their country"},
      {quiet("from = \"21:00\", to = \"08:00\", timezone = \"Dhaka\""),
       "test.toml:3: [[client]] 'a' quiet_hours.timezone: \"Dhaka\" is no time zone such as "
       "\"Asia/Dhaka\""},
  }));
}

TEST(ConfigErrors, OfPrices) {
  EXPECT_TRUE(told({
      {"[[price]]\nprefix = \"+880\"", "test.toml:1: [[price]] '+880' cents: is missing"},
      {"[[price]]\nprefix = \"880\"\ncents = 3",
       "test.toml:2: [[price]] '880' prefix: \"880\" is no prefix such as \"+880\""},
      {"[[price]]\nprefix = \"+\"\ncents = 3",
       "test.toml:2: [[price]] '+' prefix: \"+\" is no prefix such as \"+880\""},
      {"[[price]]\nprefix = \"+880\"\ncents = -1",
       "test.toml:3: [[price]] '+880' cents: -1 is out of range, expected 0 to 1000000000"},
      {"[[price]]\nchannel = \"voice\"\ncents = 3",
       "test.toml:2: [[price]] #1 channel: \"voice\" is none of \"sms\", \"mms\", \"email\""},
      {"[[price]]\nprefix = \"+880\"\nchannel = \"email\"\ncents = 3",
       "test.toml:2: [[price]] '+880' prefix: e-mail addresses have none; leave it out"},
      {"[[price]]\nprefix = \"+880\"\nclient = \"ghost\"\ncents = 3",
       "test.toml:1: [[price]] '+880' client: 'ghost' is no declared [[client]]"},
      {"[[price]]\nprefix = \"+880\"\ncents = 3\n[[price]]\nprefix = \"+880\"\ncents = 4",
       "test.toml:4: [[price]] '+880': this client, channel and prefix have a price already"},
  }));
}

}  // namespace
}  // namespace heliograph::config
