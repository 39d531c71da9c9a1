# Which compiler may build what. g++ 12 miscompiles coroutines (docs/decisions/0001-clang-for-the-core.md); the SDK and the
# plugins have none and build with both.
if(HELIOGRAPH_CORE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(FATAL_ERROR
      "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++ coroutines, so the gateway cannot be built with it. "
      "Use a preset (cmake --preset release), which picks clang++-19, or set -DHELIOGRAPH_CORE=OFF to build the SDK "
      "and the plugins alone.")
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} lacks std::expected; the gateway needs clang 19 or newer.")
  endif()
endif()

find_program(HELIOGRAPH_CCACHE ccache)
if(HELIOGRAPH_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${HELIOGRAPH_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HELIOGRAPH_CCACHE}")
endif()
