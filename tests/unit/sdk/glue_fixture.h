// A class under test as an instance in a fake host.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include <heliograph/sdk.hpp>
#include <heliograph/testing/testing.hpp>

namespace heliograph::sdk::testing {

// The component that the glue makes of T; its schema allows everything.
template <typename T>
const hg_component& component_of() {
  static const hg_component made = component<T>({.id = "test",
                                                 .version = "1",
                                                 .summary = "A class under test.",
                                                 .schema = R"({"type":"object"})"});
  return made;
}

// Creates a T, and checks in the end that it kept the rules.
template <typename T>
class Rig {
 public:
  explicit Rig(const Value& config = Value::table())
      : instance(std::make_unique<Instance>(host, component_of<T>(), config)) {}
  ~Rig() {
    instance.reset();
    EXPECT_EQ(host.violations(), expected_violations);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  FakeHost host;
  std::unique_ptr<Instance> instance;
  std::vector<std::string> expected_violations{};
};

}  // namespace heliograph::sdk::testing
