// Configuration files and variables: any text loads or is explained, and always in the same way.
#include <string>

#include "core/config/loader.h"
#include "tests/fuzz/target.h"

namespace heliograph::config {

FUZZ_TARGET(configuration) {
  // Secrets of files would be read; which ones is not the fuzzer's to choose.
  if (input.contains("file:") || input.size() > 8'192) return;
  fuzz::Pieces pieces(input);
  Environment environment;
  if (input.starts_with("HELIOGRAPH_")) {
    const std::string_view line = pieces.line();
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      environment.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  Source source;
  source.path = "/etc/heliograph/fuzz.toml";
  source.text = pieces.rest();
  const auto first = load(source, environment);
  const auto second = load(source, environment);
  MUST(first.has_value() == second.has_value());
  if (first) {
    MUST(*first == *second);
    return;
  }
  MUST(!first.error().lines.empty() && first.error().lines == second.error().lines);
  for (const std::string& line : first.error().lines) {
    MUST(!line.empty());
    MUST(line.find('\n') == std::string::npos);
  }
}

}  // namespace heliograph::config
