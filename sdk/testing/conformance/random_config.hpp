// Configurations made at random from a schema: odd, and mostly valid. Internal to the kit.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <heliograph/testing/value.hpp>

namespace heliograph::sdk::conformance {

using testing::Value;

class RandomConfig {
 public:
  explicit RandomConfig(std::uint64_t seed) : random_(seed) {}

  // `base` with some keys of the schema set, changed or, unless required, left out.
  Value next(const Value& schema, const Value& base);
  // A value for a property.
  Value value_for(const Value& schema, int depth);

 private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  Value text_for(const Value& schema);
  Value number_for(const Value& schema, bool whole);
  Value table_for(const Value& schema, int depth);
  Value anything(int depth);

  std::mt19937_64 random_;
};

}  // namespace heliograph::sdk::conformance
