#include "core/config/loader.h"

#include <fmt/ranges.h>

#include <filesystem>

#include "core/config/document.h"
#include "core/config/environment.h"
#include "core/config/sections.h"
#include "core/config/table_reader.h"
#include "core/config/validation.h"

namespace heliograph::config {
namespace {

std::string folder_of(const Source& source) {
  if (source.path.empty()) return std::filesystem::current_path().string();
  return std::filesystem::absolute(source.path).parent_path().string();
}

// Errors quote what was found, and a line of ours stays one line whatever that is.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::unexpected<ConfigErrors> refused(std::vector<std::string> lines) {
  for (std::string& line : lines) line = one_line(line);
  return std::unexpected(ConfigErrors{std::move(lines)});
}

}  // namespace

std::string ConfigErrors::text() const { return fmt::format("{}", fmt::join(lines, "\n")); }

std::expected<Config, ConfigErrors> load(const Source& source, const Environment& environment) {
  Config config;
  config.source = source.path.empty() ? source.name : source.path;
  auto root = parse_toml(source.text, config.source);
  if (!root) return refused({root.error()});

  Report report;
  apply_replaced_systems(environment, *root, config.mock, config.notes, report);
  apply_environment(environment, *root, config.notes, report);

  const Surroundings surroundings{environment, folder_of(source)};
  TableReader reader(&*root, "", "", "", report);
  read_config(reader, surroundings, config);
  reader.finish();
  validate(*root, config, report);
  if (!report.clean()) return refused(report.take_errors());
  return config;
}

std::vector<KeyInfo> known_keys() {
  std::vector<KeyInfo> keys;
  Report report;
  report.keys = &keys;
  const Environment nothing;
  TableReader reader(nullptr, "", "", "", report);
  Config scratch;
  read_config(reader, Surroundings{nothing, "/"}, scratch);
  return keys;
}

}  // namespace heliograph::config
