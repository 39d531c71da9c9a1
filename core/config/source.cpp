#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/config/loader.h"

namespace heliograph::config {
namespace {

// A configuration is written by hand; a larger file is the wrong file.
constexpr std::uintmax_t kFileMax = 4 * 1024 * 1024;

ConfigErrors one_error(std::string line) {
  ConfigErrors errors;
  errors.lines.push_back(std::move(line));
  return errors;
}

// `asked_by`: "--config: " and the like, for the error.
std::expected<Source, ConfigErrors> read(const std::string& path, std::string_view asked_by) {
  const auto unreadable = [&](std::string_view why) {
    return std::unexpected(one_error(fmt::format("{}cannot read {}: {}", asked_by, path, why)));
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unreadable("it is a folder");
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kFileMax) return unreadable("larger than 4 MiB");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::strerror(errno));
  Source source;
  source.path = path;
  source.text.assign(std::istreambuf_iterator<char>(file), {});
  return source;
}

}  // namespace

std::expected<Source, ConfigErrors> find_source(const std::optional<std::string>& explicit_path,
                                                const Environment& environment) {
  if (explicit_path) return read(*explicit_path, "--config: ");
  const auto variable = std::ranges::find(environment, "HELIOGRAPH_CONFIG",
                                          &std::pair<std::string, std::string>::first);
  if (variable != environment.end() && !variable->second.empty()) {
    return read(variable->second, "HELIOGRAPH_CONFIG: ");
  }
  static constexpr std::array kPlaces = {"heliograph.toml", "/etc/heliograph/heliograph.toml"};
  for (const char* const place : kPlaces) {
    std::error_code error;
    if (std::filesystem::exists(place, error)) return read(place, "");
  }
  Source embedded;
  embedded.text = embedded_default();
  return embedded;
}

}  // namespace heliograph::config
