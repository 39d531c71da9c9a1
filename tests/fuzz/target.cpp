#include "tests/fuzz/target.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

namespace heliograph::fuzz {
namespace {

std::vector<const Target*>& registry() {
  static std::vector<const Target*> all;
  return all;
}

}  // namespace

Target::Target(const char* its_name, void (*its_run)(std::string_view))
    : name(its_name), run(its_run) {
  registry().push_back(this);
}

const std::vector<const Target*>& targets() { return registry(); }

const Target* find_target(std::string_view name) {
  for (const Target* target : registry())
    if (target->name == name) return target;
  return nullptr;
}

void broken(const char* promise, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
  std::abort();
}

unsigned char Pieces::byte() {
  if (left_.empty()) return 0;
  const char first = left_.front();
  left_.remove_prefix(1);
  return static_cast<unsigned char>(first);
}

std::string_view Pieces::line() {
  const std::size_t end = left_.find('\n');
  const std::string_view found = left_.substr(0, end);
  left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
  return found;
}

bool is_slice(std::string_view part, std::string_view whole) {
  if (part.empty()) return true;
  const std::less_equal<const char*> below;
  return below(whole.data(), part.data()) &&
         below(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace heliograph::fuzz
