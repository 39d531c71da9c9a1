# Compile options of everything in this tree.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(HELIOGRAPH_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
add_compile_options(${HELIOGRAPH_WARNINGS} -fno-omit-frame-pointer)

set(HELIOGRAPH_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
if(HELIOGRAPH_SANITIZE)
  # `function` has false positives on coroutine frames; everything else of UBSan is fatal.
  add_compile_options(-fsanitize=${HELIOGRAPH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HELIOGRAPH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)
  endif()
else()
  add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE>
                      $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>
                      $<$<CONFIG:Release>:-fstack-protector-strong>)
endif()

option(HELIOGRAPH_COVERAGE "Instrument for llvm-cov" OFF)
if(HELIOGRAPH_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()

# HG_ASSERT states what must hold for a programmer; it stays on in every build. NDEBUG only quiets the libraries' own.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
