#include <gmock/gmock.h>

#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PluginHostTest : public ::testing::Test {
 protected:
  void add_variant(const std::string& name) {
    world.options.plugins.files.push_back(
        {.id = "variant", .file = test_plugin(name).string(), .sha256 = {}, .required = true});
    auto provider = probe("v", "{}");
    provider.plugin = "variant";
    world.options.providers.push_back(provider);
  }
  std::string load_error() {
    try {
      world.load();
      return "";
    } catch (const PluginError& error) {
      return error.what();
    }
  }
  std::vector<std::string> validate() {
    PluginHost host(world.options, HostServices{.loop = world.loop, .clock = world.clock});
    return host.validate();
  }
  Host world;
};

TEST_F(PluginHostTest, SeveralInstancesOfOnePlugin) {
  world.options.limiter = {};
  world.options.providers = {probe("p1"), probe("p2"), probe("p3")};
  world.run();
  const auto slots = world.host->provider_slots();
  ASSERT_EQ(slots.size(), 3U);
  EXPECT_EQ(slots[1].provider->name(), "p2");
  EXPECT_EQ(slots[2].settings.id, "p3");
  EXPECT_EQ(world.host->provider("nobody"), nullptr);
  EXPECT_THAT(world.host->problems(), IsEmpty());
  const auto statuses = world.host->statuses();
  ASSERT_EQ(statuses.size(), 4U);
  EXPECT_EQ(statuses[1].kind, "provider");
  EXPECT_EQ(statuses[1].version, "1.2.3");
  EXPECT_EQ(statuses[1].sha256.size(), 64U);
}

TEST_F(PluginHostTest, RequiredPluginsThatAreBadStopTheStartAllToldAtOnce) {
  auto lost = probe("lost");
  lost.plugin = "lost";
  world.options.plugins.path = {"/nowhere"};
  world.options.providers = {lost, probe("p1", "{}")};
  const auto error = load_error();
  EXPECT_THAT(error,
              HasSubstr("provider 'lost', plugin 'lost' (test.toml:7: [provider.config]): there "
                        "is no libhg_provider_lost.so in /nowhere"));
  EXPECT_THAT(error, HasSubstr("test.toml:7: [provider.config] url: is required"));
}

TEST_F(PluginHostTest, NotRequiredIsLeftOutAndReported) {
  auto optional = probe("p2", "{}");
  optional.required = false;
  world.options.providers = {probe("p1"), optional};
  world.run();
  const auto slots = world.host->provider_slots();
  EXPECT_NE(slots[0].provider, nullptr);
  EXPECT_EQ(slots[1].provider, nullptr);
  EXPECT_THAT(slots[1].failure, HasSubstr("url: is required"));
  EXPECT_THAT(world.host->problems(), ElementsAre(HasSubstr("url: is required")));
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(PluginHostTest, NotRequiredThatDoesNotStart) {
  auto optional = probe("p2", R"({"url":"x","mode":"start_fails"})");
  optional.required = false;
  world.options.providers = {probe("p1"), optional};
  world.run();
  EXPECT_EQ(world.host->provider_slots()[1].provider, nullptr);
  EXPECT_THAT(world.host->problems(), ElementsAre(HasSubstr("peer says no")));
  EXPECT_EQ(world.state("p2"), "failed");
}

TEST_F(PluginHostTest, PluginSectionMayMakeItOptional) {
  world.options.plugins.files.push_back({.id = "variant",
                                         .file = test_plugin("needs_newer").string(),
                                         .sha256 = {},
                                         .required = false});
  auto provider = probe("v", "{}");
  provider.plugin = "variant";
  world.options.providers = {provider};
  EXPECT_EQ(load_error(), "");
  EXPECT_THAT(world.host->problems(), ElementsAre(HasSubstr("needs ABI 1.9")));
}

TEST_F(PluginHostTest, ComponentThatTheFileDoesNotHold) {
  world.options.plugins.files.front().id = "http";
  world.options.plugins.files.push_back(world.options.plugins.files.front());
  world.options.plugins.files.back().id = "probe";
  auto provider = probe("p1");
  provider.plugin = "http";
  world.options.providers = {provider};
  EXPECT_THAT(load_error(),
              HasSubstr("has no provider 'http' (it has provider 'probe', distributor "
                        "'probe', limiter 'probe')"));
}

TEST_F(PluginHostTest, BrokenSchemaNamesTheComponent) {
  add_variant("broken_schema");
  EXPECT_THAT(load_error(), HasSubstr("the schema of provider 'variant' is not JSON"));
}

TEST_F(PluginHostTest, InitThatFails) {
  add_variant("init_fails");
  EXPECT_THAT(load_error(), HasSubstr("plugin 'acme' cannot initialise: no luck!"));
}

TEST_F(PluginHostTest, OldShortTablesWork) {
  add_variant("truncated_tables");
  world.options.providers.back().id = "p1";
  world.run();
  EXPECT_TRUE(world.send(1, "x"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(PluginHostTest, DistributorIsAlwaysRequired) {
  world.options.distributor.plugin = "none";
  EXPECT_THAT(load_error(), HasSubstr("distributor 'none'"));
}

TEST_F(PluginHostTest, ValidateNeedsNoLoopAndLeavesNothingRunning) {
  world.options.providers = {probe("p1"), probe_mode("create_posts")};
  world.options.providers.back().id = "p2";
  EXPECT_THAT(validate(), IsEmpty());
}

TEST_F(PluginHostTest, ValidateTellsEveryProblem) {
  auto optional = probe("p2", R"({"url":"x","mode":5})");
  optional.required = false;
  world.options.providers = {probe("p1", "{}"), optional, probe_mode("create_fails")};
  world.options.providers.back().id = "p3";
  EXPECT_THAT(validate(), ElementsAre(HasSubstr("url: is required"),
                                      HasSubstr("mode: expected a string, got 5"),
                                      HasSubstr("does not please the probe")));
}

TEST_F(PluginHostTest, ValidateDoesNotStartAnything) {
  world.options.providers = {probe_mode("start_fails")};
  EXPECT_THAT(validate(), IsEmpty());
}

TEST_F(PluginHostTest, DrainAsksThePluginsThatCare) {
  world.options.providers = {probe_mode("drains")};
  world.run();
  EXPECT_TRUE(world.send(1, "hold"));
  world.host->drain(kPatience);
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(PluginHostTest, DrainThatDoesNotEndIsReported) {
  world.options.providers = {probe_mode("never_drains")};
  world.run();
  world.host->drain(std::chrono::milliseconds{30});
  EXPECT_TRUE(world.log.has("drain did not complete within"));
  EXPECT_EQ(world.state("p1"), "running");
}

TEST_F(PluginHostTest, ReplacedFileDoesNotTouchWhatIsLoaded) {
  const TempFolder folder;
  const auto file = folder.path() / "probe.so";
  std::filesystem::copy_file(test_plugin("probe"), file);
  world.options.plugins.files.front().file = file.string();
  world.options.providers = {probe("p1")};
  world.run();
  folder.write("probe.so", "overwritten in place");
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

}  // namespace
}  // namespace heliograph::plugin
