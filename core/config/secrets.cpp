#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/config/loader.h"

namespace heliograph::config {
namespace {

using Result = std::expected<std::string, std::string>;

// Keys and tokens are short; a larger file is the wrong file.
constexpr std::uintmax_t kFileMax = 64 * 1024;

Result from_environment(std::string_view name, const Environment& environment) {
  const auto found =
      std::ranges::find(environment, name, &std::pair<std::string, std::string>::first);
  if (found == environment.end()) {
    return std::unexpected(fmt::format("environment variable {} is not set", name));
  }
  if (found->second.empty()) {
    return std::unexpected(fmt::format("environment variable {} is empty", name));
  }
  return found->second;
}

Result from_file(std::string_view name, const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  const auto unreadable = [&](const std::string& why) {
    return std::unexpected(fmt::format("cannot read {}: {}", path.string(), why));
  };
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return unreadable(error.message());
  if (size > kFileMax) return unreadable("larger than 64 KiB");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // The newline that editors and `echo` leave; not more, a secret may end in blanks.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return unreadable("it is empty");
  return text;
}

}  // namespace

std::expected<std::string, std::string> resolve_secret(std::string_view written,
                                                       const Environment& environment,
                                                       const std::string& folder) {
  constexpr std::string_view kVariable = "env:";
  constexpr std::string_view kFile = "file:";
  if (written.starts_with(kVariable)) {
    return from_environment(written.substr(kVariable.size()), environment);
  }
  if (written.starts_with(kFile)) return from_file(written.substr(kFile.size()), folder);
  return std::string(written);
}

}  // namespace heliograph::config
