# embed_documents(OUTPUT FILE...): writes a C++ file that carries each FILE as it is and gzipped, for core/api/documents.h.
#
# The assembler reads the bytes (.incbin): a megabyte costs the compiler nothing, and ccache knows to stay away.
find_program(HELIOGRAPH_GZIP gzip REQUIRED)

function(embed_documents output)
  set(number 0)
  set(blobs "")
  set(entries "")
  set(inputs "")
  get_filename_component(folder "${output}" DIRECTORY)
  foreach(file IN LISTS ARGN)
    get_filename_component(name "${file}" NAME)
    set(packed "${folder}/documents/${name}.gz")
    add_custom_command(OUTPUT "${packed}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}/documents"
      # -n: neither name nor time, so that the same sources make the same binary.
      COMMAND "${HELIOGRAPH_GZIP}" -9nc "${file}" > "${packed}"
      DEPENDS "${file}" VERBATIM)
    string(APPEND blobs "HELIOGRAPH_BLOB(plain_${number}, \"${file}\")\nHELIOGRAPH_BLOB(packed_${number}, \"${packed}\")\n")
    string(APPEND entries "      {\"${name}\", HELIOGRAPH_VIEW(plain_${number}), HELIOGRAPH_VIEW(packed_${number})},\n")
    list(APPEND inputs "${file}" "${packed}")
    math(EXPR number "${number} + 1")
  endforeach()
  set(HELIOGRAPH_BLOBS "${blobs}")
  set(HELIOGRAPH_ENTRIES "${entries}")
  set(HELIOGRAPH_COUNT "${number}")
  configure_file("${CMAKE_CURRENT_SOURCE_DIR}/embedded_documents.cpp.in" "${output}" @ONLY)
  set_source_files_properties("${output}" PROPERTIES OBJECT_DEPENDS "${inputs}" SKIP_PRECOMPILE_HEADERS ON)
endfunction()
