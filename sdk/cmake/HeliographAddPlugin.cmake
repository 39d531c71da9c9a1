# heliograph_add_plugin(<target> <kind> <id> SOURCES <file>... [LIBRARIES <library>...])
#
# Makes libhg_<kind>_<id>.so in ${CMAKE_BINARY_DIR}/plugins. <kind>: provider, distributor or limiter. Also makes the
# object library <target>_objects of the same sources: link it into a unit test, which then has hg_plugin_entry_v1 in
# its own program. C and C++ sources alike; C++ is compiled as C++20 at least.
#
# What the flags are for:
#   hidden visibility, inlines too   the library exports its entry and nothing else
#   -fno-gnu-unique                  otherwise statics of inline functions are shared by all copies of a plugin and
#                                    keep the first one mapped for ever (g++ only; clang makes no such symbols)
#   version script                   the same for what static libraries bring along
#   -z defs                          an undefined symbol is an error here, not at the first call in production. Not
#                                    under sanitizers: their runtime is in the program
function(heliograph_add_plugin target kind id)
  cmake_parse_arguments(PARSE_ARGV 3 ARG "" "" "SOURCES;LIBRARIES")
  if(NOT kind MATCHES "^(provider|distributor|limiter)$")
    message(FATAL_ERROR "heliograph_add_plugin(${target}): kind '${kind}' is none of provider, distributor, limiter")
  endif()
  if(NOT id MATCHES "^[a-z0-9][a-z0-9_.-]*$")
    message(FATAL_ERROR "heliograph_add_plugin(${target}): id '${id}' must be made of a-z 0-9 _ . -")
  endif()

  set(exports "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin_exports.map")

  add_library(${target}_objects OBJECT ${ARG_SOURCES})
  target_link_libraries(${target}_objects PUBLIC heliograph::sdk ${ARG_LIBRARIES})
  target_compile_options(${target}_objects PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  set_target_properties(${target}_objects PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  add_library(${target} MODULE $<TARGET_OBJECTS:${target}_objects>)
  target_link_libraries(${target} PRIVATE heliograph::sdk ${ARG_LIBRARIES})
  set_target_properties(${target} PROPERTIES
    PREFIX "lib" SUFFIX ".so" OUTPUT_NAME "hg_${kind}_${id}"
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
    LINK_DEPENDS "${exports}")
  set_property(GLOBAL APPEND PROPERTY HELIOGRAPH_PLUGINS "${target}")
  target_link_options(${target} PRIVATE "-Wl,--version-script=${exports}")
  if(NOT HELIOGRAPH_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE "-Wl,-z,defs")
  endif()
endfunction()
