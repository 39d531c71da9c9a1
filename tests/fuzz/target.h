// What a fuzz target is: a function that takes any bytes and stops the program when a promise is
// broken. The same function is run by libFuzzer (preset `fuzz`) and, over the kept corpus, by
// fuzz_replay in every other build.
//
//   FUZZ_TARGET(url) {
//     const auto url = http::parse_url(input);
//     if (url) MUST(url->port != 0);
//   }
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace heliograph::fuzz {

struct Target {
  Target(const char* its_name, void (*its_run)(std::string_view));
  const char* name;
  void (*run)(std::string_view input);
};
const std::vector<const Target*>& targets();
const Target* find_target(std::string_view name);  // nullptr: there is none

// Says what is broken and aborts.
[[noreturn]] void broken(const char* promise, const char* file, int line);

// Takes an input apart: numbers that choose, and texts.
class Pieces {
 public:
  explicit Pieces(std::string_view input) : left_(input) {}
  // The next byte; 0 where nothing is left.
  unsigned char byte();
  // Up to the next line end, which is dropped; the whole rest where there is none.
  std::string_view line();
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

// `part` lies inside `whole` (or is empty).
bool is_slice(std::string_view part, std::string_view whole);

}  // namespace heliograph::fuzz

#define FUZZ_TARGET(name)                                                     \
  static void fuzz_##name(std::string_view);                                  \
  static const ::heliograph::fuzz::Target target_##name(#name, &fuzz_##name); \
  static void fuzz_##name([[maybe_unused]] std::string_view input)

#define MUST(promise) \
  ((promise) ? static_cast<void>(0) : ::heliograph::fuzz::broken(#promise, __FILE__, __LINE__))
