// Runs the kept corpus through the targets, in builds without libFuzzer:
//   fuzz_replay <corpus folder> [target]
// Each file and each of its halves: a beginning that is cut off is what networks deliver. A target
// without a corpus, and a corpus without its target, are errors.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

std::size_t replay(const heliograph::fuzz::Target& target, const fs::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::cerr << target.name << ' ' << entry.path().filename().string() << std::endl;
    target.run(bytes);
    target.run(std::string_view(bytes).substr(0, bytes.size() / 2));
    target.run(std::string_view(bytes).substr(bytes.size() / 2));
    ++files;
  }
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "fuzz_replay <corpus folder> [target]\n";
    return 2;
  }
  const fs::path corpus = arguments[1];
  const std::string only = count > 2 ? arguments[2] : "";
  for (const auto& entry : fs::directory_iterator(corpus)) {
    if (heliograph::fuzz::find_target(entry.path().filename().string()) != nullptr) continue;
    std::cerr << entry.path() << " belongs to no target\n";
    return 1;
  }
  for (const auto* target : heliograph::fuzz::targets()) {
    if (!only.empty() && only != target->name) continue;
    target->run({});
    if (!fs::is_directory(corpus / target->name) || replay(*target, corpus / target->name) == 0) {
      std::cerr << target->name << " has no corpus\n";
      return 1;
    }
  }
  return 0;
}
