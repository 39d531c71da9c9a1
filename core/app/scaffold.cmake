# embed_scaffold(OUTPUT FOLDER): writes a C++ file that carries every file below FOLDER, for core/app/scaffold_files.h.
# Raw strings hold them as they are; none may contain the delimiter, and none may be longer than a literal's promised limit.
function(embed_scaffold output folder)
  file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE "${folder}" CONFIGURE_DEPENDS "${folder}/*")
  list(SORT files)
  set(table "")
  foreach(name IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${name}")
    file(READ "${folder}/${name}" text)
    string(FIND "${text}" ")scaffold\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${folder}/${name} holds the delimiter that embeds it")
    endif()
    string(APPEND table "    {\"${name}\", R\"scaffold(${text})scaffold\"},\n")
  endforeach()
  string(CONCAT source
    "#include \"core/app/scaffold_files.h\"\n\nnamespace heliograph::app {\nnamespace {\n\n"
    "constexpr ScaffoldFile kFiles[] = {\n${table}};\n\n}  // namespace\n\n"
    "std::span<const ScaffoldFile> scaffold_files() { return kFiles; }\n\n}  // namespace heliograph::app\n")
  file(CONFIGURE OUTPUT "${output}" CONTENT "@source@" @ONLY)
endfunction()
