// [[route]]: what it means, and what is wrong with it.
#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kTwo =
    "[[provider]]\nid = \"acme\"\nplugin = \"http\"\n"
    "[[provider]]\nid = \"mail\"\nplugin = \"smtp\"\nchannels = [\"email\"]\n";

std::string route(std::string_view rest) { return kTwo + "[[route]]\n" + std::string(rest) + "\n"; }

TEST(ConfigRouting, ReadsRulesInOrder) {
  const Config config = loaded(
      kTwo +
      "[[route]]\nname = \"otp\"\nchannel = \"sms\"\ncountries = [\"BD\"]\nprefixes = [\"+1415\"]\n"
      "clients = [\"shop\"]\nsenders = [\"ACME\"]\ntags = [\"otp\"]\n"
      "provider = [{ id = \"acme\", weight = 3, cost_micros = 70 }]\n"
      "[[route]]\nname = \"rest\"\n[[route.provider]]\nid = \"acme\"\n");
  ASSERT_EQ(config.routes.size(), 2u);
  const Route& first = config.routes[0];
  EXPECT_EQ(first.channel, model::Channel::kSms);
  EXPECT_THAT(first.countries, ElementsAre("BD"));
  EXPECT_THAT(first.prefixes, ElementsAre("+1415"));
  EXPECT_THAT(first.clients, ElementsAre("shop"));
  EXPECT_THAT(first.senders, ElementsAre("ACME"));
  EXPECT_THAT(first.tags, ElementsAre("otp"));
  EXPECT_THAT(first.providers, ElementsAre(RouteProvider{"acme", 3, 70}));
  EXPECT_THAT(config.routes[1].providers, ElementsAre(RouteProvider{"acme", {}, {}}));
  EXPECT_THAT(config.notes, IsEmpty());
}

TEST(ConfigRouting, RefusesWhatCannotWork) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"name = \"x\"\nprovider = [{ id = \"acne\" }]",
       "test.toml:8: [[route]] 'x' provider 'acne': there is no [[provider]] of this id"},
      {"name = \"x\"\nchannel = \"email\"\nprovider = [{ id = \"acme\" }]",
       "test.toml:8: [[route]] 'x' provider 'acme' does not carry the channel email"},
      {"name = \"x\"\nprovider = [{ id = \"acme\", weight = 0 }]",
       "test.toml:8: [[route]] 'x' provider: all have weight 0, so none would be chosen"},
      {"name = \"x\"\nprovider = []",
       "test.toml:10: [[route]] 'x' provider: has nothing in it, so no message could be sent"},
      {"name = \"x\"\nprovider = [{ id = \"acme\", wieght = 1 }]",
       "test.toml:10: [[route.provider]] 'acme' wieght: unknown key; did you mean \"weight\"?"},
      {"name = \"x\"", "test.toml:8: [[route]] 'x' provider: is missing"},
      {"name = \"x\"\nprovider = [{ id = \"acme\" }, { id = \"acme\" }]",
       "test.toml:8: [[route]] 'x' provider 'acme' is there twice"},
      {"name = \"x\"\nprefixes = [\"880\"]\nprovider = [{ id = \"acme\" }]",
       "test.toml:10: [[route]] 'x' prefixes: \"880\" is no beginning of an international number, "
       "such as \"+880\""},
      {"name = \"x\"\ncountries = [\"XX\"]\nprovider = [{ id = \"acme\" }]",
       "test.toml:10: [[route]] 'x' countries: \"XX\" is no country such as \"BD\""},
      {"name = \"x\"\ntags = []\nprovider = [{ id = \"acme\" }]",
       "test.toml:10: [[route]] 'x' tags: has nothing in it; leave it out to let every message "
       "fit"},
      {"name = \"x\"\nprovider = [{ id = \"acme\" }]\n[[route]]\nname = \"x\"\nchannel = "
       "\"email\"\nprovider = [{ id = \"mail\" }]",
       "test.toml:11: [[route]] 'x': this name is there twice"},
  };
  for (const auto& [toml, error] : cases) {
    EXPECT_THAT(errors(route(toml)), ElementsAre(error)) << toml;
  }
}

TEST(ConfigRouting, ARuleThatIsNeverReachedIsNoted) {
  const std::string use = "provider = [{ id = \"acme\" }]\n";
  const auto notes = [&](std::string_view first, std::string_view second) {
    return loaded(route("name = \"a\"\n" + std::string(first) + use + "[[route]]\nname = \"b\"\n" +
                        std::string(second) + use))
        .notes;
  };
  const std::string told = "[[route]] 'b' is never reached: 'a' above it takes all of its messages";
  EXPECT_THAT(notes("", "tags = [\"x\"]\n"), ElementsAre(told));
  EXPECT_THAT(notes("channel = \"sms\"\n", ""), ElementsAre(told));
  EXPECT_THAT(notes("countries = [\"BD\"]\n", "prefixes = [\"+88017\"]\n"), ElementsAre(told));
  EXPECT_THAT(notes("prefixes = [\"+88017\"]\n", "countries = [\"BD\"]\n"), IsEmpty());
  EXPECT_THAT(notes("clients = [\"x\", \"y\"]\n", "clients = [\"y\"]\n"), ElementsAre(told));
  EXPECT_THAT(notes("clients = [\"x\"]\n", ""), IsEmpty());
}

}  // namespace
}  // namespace heliograph::config
