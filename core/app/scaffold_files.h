// The files of sdk/scaffold, carried in the binary so that `plugin new` needs no other file.
// Any thread.
#pragma once

#include <span>
#include <string_view>

namespace heliograph::app {

struct ScaffoldFile {
  std::string_view path;  // below sdk/scaffold: "cpp/provider/plugin.cpp"
  std::string_view text;
};

// Sorted by path; lives as long as the program.
std::span<const ScaffoldFile> scaffold_files();

}  // namespace heliograph::app
