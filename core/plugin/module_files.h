// Module files: where a plugin's library is looked for, who may have written it, and the private
// copy that is loaded in its place.
//
// Only the copy is ever mapped: loading a path that was replaced returns the old code, and
// overwriting a mapped file crashes the process (both measured). The bytes are read once; what was
// inspected and hashed is what the copy holds.
//
// [control thread]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"

namespace heliograph::plugin {

// "provider", "distributor", "limiter" for HG_KIND_*; "" for others.
std::string_view kind_name(std::uint32_t kind);

// What a configuration asks for: component `id` of `kind`.
struct ModuleRequest {
  std::uint32_t kind = 0;
  std::string id;
};

struct ModuleLocation {
  std::filesystem::path file;
  std::string sha256;    // pinned by [[plugin]]; empty: not
  bool required = true;  // as [[plugin]] says
};

// Search order: a [[plugin]] entry of that id; libhg_<kind>_<id>.so in each folder of plugins.path;
// then beside the binary in ../plugins and ../lib/heliograph/plugins. The error names every folder
// tried. `binary_folder` may be empty.
std::expected<ModuleLocation, std::string> locate_module(
    const ModuleRequest& request, const config::Plugins& plugins,
    const std::filesystem::path& binary_folder);

// Every folder that is searched, existing or not, in order.
std::vector<std::filesystem::path> search_folders(const config::Plugins& plugins,
                                                  const std::filesystem::path& binary_folder);

struct ModuleBytes {
  std::filesystem::path source;  // canonical: symbolic links resolved
  std::vector<std::byte> bytes;
  std::string sha256;                 // lower case hex
  std::vector<std::string> warnings;  // the folder is writable by its group
};

// Reads the library. Refused: a folder or file that everybody may write to, or that belongs to
// neither root nor the user this process runs as; what is no regular file or larger than 256 MiB.
std::expected<ModuleBytes, std::string> read_module(const std::filesystem::path& file);

// Writes the bytes to a new file of mode 0500 in `folder` (made with mode 0700 when missing).
// Returns its absolute path; the name is unique in the process.
std::expected<std::filesystem::path, std::string> write_private_copy(
    const ModuleBytes& module, const std::filesystem::path& folder);

// Removes copies that processes which are gone have left in `folder`.
void remove_stale_copies(const std::filesystem::path& folder);

}  // namespace heliograph::plugin
