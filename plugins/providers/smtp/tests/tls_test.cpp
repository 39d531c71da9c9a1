// Encryption: what is insisted on, and what a certificate must be.
#include "plugins/providers/smtp/tests/provider_fixture.h"

namespace heliograph::plugins::smtp {
namespace {

class TlsTest : public ProviderTest {
 protected:
  static std::string config(std::string_view tls, const std::string& ca_file,
                            std::string_view more = "") {
    return R"({"tls": ")" + std::string(tls) + R"(", "ca_file": ")" + ca_file + "\"" +
           std::string(more) + "}";
  }
  static Script script_with(const Identity& identity) {
    Script script;
    script.identity = &identity;
    return script;
  }

  Identity own;
};

TEST_F(TlsTest, StartTlsWithAnOwnCertificate) {
  serve(script_with(own), config("starttls", own.file()));
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_SENT) << result.detail;
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->count("STARTTLS"), 1);
  EXPECT_EQ(server->count("EHLO"), 2) << "what was offered before does not count";
  EXPECT_EQ(server->seen().connections, 1);
}

TEST_F(TlsTest, ImplicitTls) {
  Script script = script_with(own);
  script.implicit_tls = true;
  script.extensions.emplace_back("AUTH PLAIN");
  serve(script, config("implicit", own.file(), R"(, "username": "shop", "password": "p")"));
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_SENT) << result.detail;
  EXPECT_EQ(server->count("AUTH PLAIN"), 1);
}

TEST_F(TlsTest, ACertificateOfAStranger) {
  const Identity other;
  serve(script_with(own), config("starttls", other.file()));
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_REFUSED) << result.detail;
  EXPECT_EQ(result.provider_code, "TLS");
  EXPECT_EQ(server->count("MAIL"), 0);
}

TEST_F(TlsTest, ACertificateOfAnotherName) {
  const Identity other("DNS:mail.example.com");
  serve(script_with(other), config("starttls", other.file()));
  EXPECT_EQ(outcome().outcome, HG_REFUSED);
}

TEST_F(TlsTest, TheSystemsCertificatesDoNotKnowOurs) {
  serve(script_with(own), config("starttls", ""));
  EXPECT_EQ(outcome().outcome, HG_REFUSED);
}

TEST_F(TlsTest, VerificationCanBeSwitchedOff) {
  const Identity other("DNS:mail.example.com");
  serve(script_with(other), config("starttls", "", R"(, "verify": false)"));
  EXPECT_EQ(outcome().outcome, HG_SENT);
}

TEST_F(TlsTest, RequiredButNotOffered) {
  serve({}, config("starttls", own.file()));
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_REFUSED) << result.detail;
  EXPECT_EQ(result.provider_code, "TLS");
  EXPECT_EQ(server->count("MAIL"), 0);
}

TEST_F(TlsTest, RequiredButNotAvailableNow) {
  Script script = script_with(own);
  script.acts.emplace("STARTTLS", Act::reply("454 4.3.0 TLS not available"));
  serve(script, config("starttls", own.file()));
  EXPECT_EQ(outcome().outcome, HG_RETRY);
}

TEST_F(TlsTest, OpportunisticEncryptsWhereItCan) {
  serve(script_with(own), config("opportunistic", own.file()));
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->count("STARTTLS"), 1);
  instance.reset();
  serve({}, config("opportunistic", own.file()));
  EXPECT_EQ(outcome().outcome, HG_SENT);
}

TEST_F(TlsTest, LargeMailsGoThroughTlsWhole) {
  MessageSpec message = mail();
  message.parts.push_back({.kind = HG_PART_ATTACHMENT, .body = std::string(3 * 1024 * 1024, 'x')});
  serve(script_with(own), config("starttls", own.file()));
  EXPECT_EQ(outcome(message).outcome, HG_SENT);
  EXPECT_GT(server->seen().mails.at(0).size(), std::size_t{4} * 1024 * 1024);
}

TEST_F(TlsTest, AnUnreadableCaFileIsToldAtStart) {
  const Value config = Value::parse(R"({"host": "127.0.0.1", "ca_file": "/no/such/file"})");
  static const sdk::testing::Plugin plugin(&hg_plugin_entry_v1);
  Instance unusable(host, plugin.component("smtp"), config);
  const sdk::testing::StepRecord started = unusable.start();
  EXPECT_EQ(started.status, HG_E_CONFIG);
  EXPECT_EQ(started.text, "ca_file: cannot read certificates from /no/such/file");
}

TEST_F(TlsTest, PasswordsDoNotGoInTheClear) {
  const std::string told = create_error(R"({"tls": "none", "username": "u", "password": "p"})");
  EXPECT_TRUE(told.starts_with("username: needs tls")) << told;
  EXPECT_FALSE(
      create_error(R"({"tls": "opportunistic", "username": "u", "password": "p"})").empty());
  EXPECT_EQ(create_error(R"({"username": "u", "password": "p"})"), "");
}

TEST_F(TlsTest, SettingsThatCannotBe) {
  EXPECT_TRUE(create_error(R"({"username": "u"})").starts_with("password: is needed"));
  EXPECT_TRUE(create_error(R"({"password": "p"})").starts_with("username: is needed"));
  EXPECT_EQ(create_error(R"({"host": "a/b"})"), "host: must be a name or an address");
  EXPECT_EQ(create_error(R"({"envelope_from": "x"})"), "envelope_from: must be an e-mail address");
  for (const std::string_view name : {"campaign", "x-a b", "x-a:"}) {
    const std::string config = R"({"metadata_headers": [")" + std::string(name) + "\"]}";
    EXPECT_EQ(create_error(config), "metadata_headers.0: must be x- and letters, digits, - or _");
  }
  EXPECT_EQ(create_error(R"({"reply_timeout": "0s"})"), "reply_timeout: must be positive");
  EXPECT_EQ(create_error(R"({"host": "::1"})"), "");
}

}  // namespace
}  // namespace heliograph::plugins::smtp
