// Files for the tests of the plugin floor: where the test plugins are, and a folder that is emptied
// afterwards.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::plugin {

inline std::filesystem::path test_plugin(std::string_view name) {
  return std::filesystem::path{TEST_PLUGINS} / ("libtest_plugin_" + std::string{name} + ".so");
}

inline std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  std::vector<std::byte> bytes(text.size());
  std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

// Beside the test plugins: a folder of this user's that nobody else may write to.
class TempFolder {
 public:
  TempFolder() {
    auto pattern = (std::filesystem::path{TEST_PLUGINS} / "tmp-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    const auto file = path_ / name;
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace heliograph::plugin
