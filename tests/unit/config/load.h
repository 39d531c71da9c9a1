// Loads a configuration from a string, as if it stood in /etc/heliograph/test.toml.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/config/loader.h"

namespace heliograph::config {

inline Source source_of(std::string toml) {
  Source source;
  source.path = "/etc/heliograph/test.toml";
  source.text = std::move(toml);
  return source;
}

// The configuration; fails the test with its errors when there is none.
inline Config loaded(std::string toml, const Environment& environment = {}) {
  auto result = load(source_of(std::move(toml)), environment);
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().text();
  return {};
}

// The errors without the folder in front; empty when it loads.
inline std::vector<std::string> errors(std::string toml, const Environment& environment = {}) {
  const auto result = load(source_of(std::move(toml)), environment);
  if (result) return {};
  std::vector<std::string> lines = result.error().lines;
  constexpr std::string_view kFolder = "/etc/heliograph/";
  for (std::string& line : lines) {
    if (line.starts_with(kFolder)) line.erase(0, kFolder.size());
  }
  return lines;
}

// A provider that is complete, to put something else into.
inline constexpr std::string_view kProvider = "[[provider]]\nid = \"acme\"\nplugin = \"http\"\n";

inline std::string provider_with(std::string_view rest) {
  return std::string(kProvider) + std::string(rest) + "\n";
}

}  // namespace heliograph::config
