// Inspection: what a plugin file holds, without an instance of it. Behind `heliograph plugin
// inspect` and `plugin list`.
//
// The file is loaded and its entry called, nothing else; do it in a process that serves nothing.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "core/plugin/module_loader.h"

namespace heliograph::plugin {

// Loads `file` by way of a private copy in `copy_folder`. The error is a sentence naming the file.
std::expected<std::shared_ptr<const Module>, std::string> inspect_file(
    const std::filesystem::path& file, const std::filesystem::path& copy_folder,
    const std::string& gateway_version);

// For people: the module, its ELF facts, and each component with its configuration as a table and
// as example TOML.
std::string inspect_text(const Module& module);

// For a document: each component with its keys as a Markdown table and its example.
std::string markdown_text(const Module& module);

// One component's keys as a table, one line a key: name, type, default, description.
std::string schema_table(const ComponentInfo& component);
// The section of heliograph.toml that uses it: required keys with a placeholder, optional ones
// commented out with their defaults.
std::string example_toml(const ComponentInfo& component);

}  // namespace heliograph::plugin
