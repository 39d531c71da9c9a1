// The libraries as they are shipped: what they export, and that the host takes them.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <heliograph/testing/testing.hpp>

namespace heliograph::sdk::testing {
namespace {

std::vector<std::string> ids() {
  std::vector<std::string> list{"example_cpp", "example_c"};
#ifdef EXAMPLE_RUST
  list.emplace_back("example_rust");
#endif
  return list;
}

std::string path_of(const std::string& id) {
  return std::string(EXAMPLE_DIRECTORY) + "/libhg_provider_" + id + ".so";
}

// What a command prints.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string output;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) output += buffer.data();
  return output;
}

class ExampleLibraryTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ExampleLibraryTest, ExportsItsEntryAndNothingElse) {
  const std::string symbols =
      output_of(std::string(EXAMPLE_NM) + " -D --defined-only -P '" + path_of(GetParam()) + "'");
  std::vector<std::string> names;
  for (std::size_t at = 0; at < symbols.size(); at = symbols.find('\n', at) + 1) {
    names.push_back(symbols.substr(at, symbols.find(' ', at) - at));
  }
  EXPECT_EQ(names, std::vector<std::string>{HG_ENTRY_SYMBOL}) << symbols;
}

TEST_P(ExampleLibraryTest, IsTakenByTheHost) {
  const Plugin plugin(path_of(GetParam()));
  EXPECT_EQ(plugin.component(GetParam()).kind, HG_KIND_PROVIDER);
  EXPECT_THROW(plugin.component("other"), std::out_of_range);
}

TEST_P(ExampleLibraryTest, RefusesAHostOfAnotherMajor) {
  const Plugin plugin(path_of(GetParam()));
  hg_host_info info{};
  info.size = sizeof(info);
  info.abi_major = HG_ABI_MAJOR + 1;
  hg_error error{};
  error.size = sizeof(error);
  EXPECT_EQ(plugin.entry()(&info, &error), nullptr);
  EXPECT_EQ(error.code, HG_E_ABI);
  const std::string text(error.msg, error.msg_len);
  EXPECT_NE(text.find("needs plugin ABI 1.0"), std::string::npos) << text;
  EXPECT_EQ(plugin.entry()(&info, nullptr), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, ExampleLibraryTest, ::testing::ValuesIn(ids()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace heliograph::sdk::testing
