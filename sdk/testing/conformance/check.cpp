#include <unistd.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include <heliograph/testing/conformance.hpp>
#include <heliograph/testing/instance.hpp>
#include <heliograph/text.hpp>

#include "sample_config.hpp"

namespace heliograph::sdk::conformance {
namespace {

constexpr std::size_t kLineMax = 1500;

// How fail() and skip() end a case.
struct Ended {};

std::string one_line(std::string text) {
  if (text.size() > kLineMax) text = text.substr(0, kLineMax) + "...";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

Check::Check(const Settings& settings, const Judge& judge, std::string component, int report_fd)
    : settings_(settings), judge_(judge), component_(std::move(component)), report_fd_(report_fd) {}

const Plugin& Check::plugin() {
  if (!plugin_) {
    step("loading the file");
    plugin_ = std::make_unique<Plugin>(settings_.file);
  }
  return *plugin_;
}

const hg_component& Check::component() {
  const hg_module& module = plugin().module();
  for (std::size_t i = 0; i < module.n_components; ++i) {
    if (component_name(*module.components[i]) == component_) return *module.components[i];
  }
  throw std::out_of_range("no component '" + component_ + "' in this plugin");
}

std::string Check::schema() { return std::string(to_view(component().config_schema)); }

const Value& Check::config() {
  if (!config_ && !settings_.config.empty()) config_ = Value::parse(settings_.config);
  if (!config_) {
    Sample sample = sample_config(Value::parse(schema()));
    invented_ = sample.invented;
    config_ = std::move(sample.config);
  }
  return *config_;
}

bool Check::config_is_invented() {
  config();
  return invented_;
}

void Check::fail(const std::string& sentence) {
  report("fail", sentence);
  throw Ended{};
}

void Check::skip(const std::string& reason) {
  report("skip", reason);
  throw Ended{};
}

void Check::require_obedience(const FakeHost& host) {
  const auto violations = host.violations();
  if (!violations.empty()) fail("it broke a rule of the ABI: " + violations.front());
}

void Check::note(const std::string& text) { report("note", text); }

void Check::step(const std::string& text) { report("step", text); }

void Check::run(const Case& one) {
  try {
    one.run(*this);
    report("pass", "");
  } catch (const Ended&) {
  } catch (const testing::CreateError& error) {
    report("fail",
           "create() refused a configuration that it took before: " + std::string(error.what()));
  } catch (const std::exception& error) {
    report("fail", error.what());
  } catch (...) {
    report("fail", "the plugin threw something across the ABI (rule R1)");
  }
}

void Check::report(std::string_view word, const std::string& text) {
  const std::string line = std::string(word) + " " + one_line(text) + "\n";
  // Nobody reads: nothing can be told.
  [[maybe_unused]] const auto written = ::write(report_fd_, line.data(), line.size());
}

}  // namespace heliograph::sdk::conformance
