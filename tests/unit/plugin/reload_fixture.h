// A host whose configuration is changed while it works: what a reload does to instances.
#pragma once

#include <gmock/gmock.h>

#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {

class ReloadTest : public ::testing::Test {
 protected:
  ReloadTest() {
    world.options.limiter = {};
    world.options.providers = {probe("p1"), probe("p2")};
    wanted = world.options;
  }
  // From now on `wanted` is what the next reload asks for.
  void run() {
    world.run();
    wanted = world.options;
  }
  std::unique_ptr<Replacement> prepare() {
    return world.host->prepare(wanted, [](const std::string&) { return model::ProviderKey{5}; });
  }
  std::string prepare_error() {
    try {
      const auto replacement = prepare();
      return "";
    } catch (const PluginError& error) {
      return error.what();
    }
  }
  void commit(Replacement& replacement) {
    world.loop.run([&] { replacement.commit(world.events); });
  }
  void reload(std::chrono::nanoseconds drain = kPatience) {
    const auto replacement = prepare();
    commit(*replacement);
    replacement->retire(drain);
  }
  // "replaced p1 2" and so on.
  static std::vector<std::string> told(const Replacement& replacement) {
    std::vector<std::string> lines;
    for (const auto& change : replacement.changes()) {
      lines.push_back(change.what + " " + change.name + " " + std::to_string(change.generation));
    }
    return lines;
  }
  // "p1 2 running" of providers.
  std::vector<std::string> states() const {
    std::vector<std::string> lines;
    for (const auto& status : world.host->statuses()) {
      if (status.kind != "provider") continue;
      lines.push_back(status.name + " " + std::to_string(status.generation) + " " + status.state);
    }
    return lines;
  }
  bool send_through(ports::Provider* provider, std::uint64_t ticket, const std::string& text) {
    model::WorkItem item;
    item.id = model::MessageId::from_parts(1'000'000 + static_cast<std::int64_t>(ticket), 1);
    item.to = "+14155552671";
    item.text = text;
    const ports::SendRequest request{.ticket = ports::SendTicket{ticket},
                                     .item = &item,
                                     .content = {},
                                     .deadline = world.clock.mono() + std::chrono::minutes{1}};
    return world.loop.run([&] { return provider->send(request); });
  }
  // As an operator who installs another build of the plugin.
  void install(const std::string& build) {
    wanted.plugins.files.front().file = test_plugin(build).string();
  }
  void set_mode(config::Provider& provider, const std::string& mode) {
    provider.config.json = R"({"url":"x","mode":")" + mode + "\"}";
  }

  Host world;
  PluginHostOptions wanted;
};

}  // namespace heliograph::plugin
