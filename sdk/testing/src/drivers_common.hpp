// What the drivers share: the vtable of an instance, and arrays as a newer host would pass them.
#pragma once

#include <heliograph/abi/abi.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <heliograph/testing/instance.hpp>

namespace heliograph::sdk::testing {

// Throws std::logic_error when the instance is of another kind.
template <typename VTable>
const VTable& vtable(Instance& instance, std::uint32_t kind) {
  if (instance.component().kind != kind) {
    throw std::logic_error("the component is of another kind than its driver");
  }
  return *static_cast<const VTable*>(instance.component().vtbl);
}

// An element with fields of a future minor behind it, filled with garbage.
template <typename T>
struct Longer {
  T known{};
  std::array<std::uint64_t, 2> future{0xDEAD'DEAD'DEAD'DEAD, 0xDEAD'DEAD'DEAD'DEAD};

  Longer() { known.size = sizeof(Longer); }
};

// The first element, as the plugin gets it.
template <typename T>
const T* first(const std::vector<Longer<T>>& items) {
  return items.empty() ? nullptr : &items.front().known;
}

}  // namespace heliograph::sdk::testing
