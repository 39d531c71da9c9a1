// `heliograph plugin new`: writes a plugin project from the templates of sdk/scaffold.
//
// A project is what lies in all/, kinds/<kind>/, <family>/all/, <family>/<kind>/ and
// <lang>/<kind>/, with @NAME@ and @KIND@ replaced; C and C++ are the family "native". It is written
// into a new folder beside the target, which is renamed at the end: there is a whole project or
// none, and nothing that exists is touched.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "core/app/commands.h"
#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"
#include "core/app/scaffold_files.h"

namespace heliograph::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameMax = 40;

bool good_name(std::string_view name) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && name.size() <= kNameMax && kFirst.contains(name.front()) &&
         name.find_first_not_of(kRest) == std::string_view::npos;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string filled_in(std::string_view text, const PluginNewCommand& command) {
  std::string out(text);
  replace_all(out, "@NAME@", command.name);
  replace_all(out, "@KIND@", command.kind);
  return out;
}

// The file's place in a project of this kind and language; empty: it belongs to others.
std::string_view place(std::string_view path, const PluginNewCommand& command) {
  const std::string family = command.lang == "rust" ? "rust" : "native";
  const std::array folders{std::string("all/"), "kinds/" + command.kind + "/", family + "/all/",
                           family + "/" + command.kind + "/",
                           command.lang + "/" + command.kind + "/"};
  for (const auto& folder : folders) {
    if (path.starts_with(folder)) return path.substr(folder.size());
  }
  return {};
}

void write_file(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out)
    throw fs::filesystem_error("cannot write", file, std::make_error_code(std::errc::io_error));
}

void write_project(const fs::path& target, const PluginNewCommand& command) {
  const fs::path fresh = target.string() + ".new";
  // create_directory says false for what exists: then it is somebody else's.
  fs::create_directories(fresh.parent_path());
  if (!fs::create_directory(fresh)) {
    throw fs::filesystem_error("cannot create", fresh,
                               std::make_error_code(std::errc::file_exists));
  }
  try {
    for (const auto& file : scaffold_files()) {
      const auto below = place(file.path, command);
      if (below.empty()) continue;
      write_file(fresh / filled_in(below, command), filled_in(file.text, command));
    }
    fs::rename(fresh, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw;
  }
}

}  // namespace

int new_plugin(const PluginNewCommand& command) {
  if (!good_name(command.name)) {
    fmt::print(stderr,
               "heliograph: plugin new: name '{}': a-z, then a-z 0-9 _, at most {} characters\n",
               command.name, kNameMax);
    return kExitUsage;
  }
  const fs::path target = fs::absolute(fs::path(command.output) / command.name);
  if (fs::symlink_status(target).type() != fs::file_type::not_found) {
    fmt::print(stderr, "heliograph: plugin new: {} exists; nothing was written\n", target.string());
    return kExitRuntime;
  }
  write_project(target, command);
  if (command.json) {
    print_json({{"path", target.string()},
                {"kind", command.kind},
                {"name", command.name},
                {"lang", command.lang}});
    return kExitOk;
  }
  fmt::print("{}: a {} in {}. Next: its README.md\n", target.string(), command.kind, command.lang);
  return kExitOk;
}

}  // namespace heliograph::app
