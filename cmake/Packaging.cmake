# Debian packages: heliograph (the gateway, its plugins, service and documents) and heliograph-sdk. `make deb` builds them.
#
# The binary looks for plugins in ../lib/heliograph/plugins, so a package is configured with CMAKE_INSTALL_LIBDIR=lib (preset deb).
set(doc_folder "${CMAKE_INSTALL_DATAROOTDIR}/doc/heliograph")
# /etc for packages alone: an absolute folder holds whatever `cmake --install --prefix` says, and would replace an operator's file.
set(configuration_folder "${CMAKE_INSTALL_SYSCONFDIR}/heliograph")
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(configuration_folder /etc/heliograph)
endif()
# Debian's policy (12.1, 12.7) wants manual pages and changelogs compressed; -n, so that no time is in them and a build is as the last.
find_program(GZIP gzip REQUIRED)
set(compressed_files "")
function(heliograph_install_gzipped file folder component)
  cmake_parse_arguments(PARSE_ARGV 3 ARG "" "RENAME" "")
  if(NOT ARG_RENAME)
    get_filename_component(ARG_RENAME "${file}" NAME)
  endif()
  set(compressed "${PROJECT_BINARY_DIR}/packaging/${component}/${ARG_RENAME}.gz")
  add_custom_command(OUTPUT "${compressed}" DEPENDS "${PROJECT_SOURCE_DIR}/${file}" VERBATIM
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/packaging/${component}"
    COMMAND sh -c "\"$1\" -9nc \"$2\" > \"$3\"" sh "${GZIP}" "${PROJECT_SOURCE_DIR}/${file}" "${compressed}")
  install(FILES "${compressed}" DESTINATION "${folder}" COMPONENT "${component}")
  set(compressed_files ${compressed_files} "${compressed}" PARENT_SCOPE)
endfunction()
if(HELIOGRAPH_CORE)
  # In a package relative paths would start in /etc.
  file(READ config/heliograph.toml system_configuration)
  if(NOT system_configuration MATCHES "\npath = \"data/heliograph.db\"\n")
    message(FATAL_ERROR "config/heliograph.toml: the line store.path, which packages replace, is not found")
  endif()
  string(REPLACE "path = \"data/heliograph.db\"" "path = \"/var/lib/heliograph/heliograph.db\"" system_configuration
    "${system_configuration}")
  file(CONFIGURE OUTPUT packaging/heliograph.toml CONTENT "${system_configuration}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS config/heliograph.toml)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/packaging/heliograph.toml" DESTINATION "${configuration_folder}" COMPONENT heliograph)
  install(FILES packaging/systemd/heliograph.service DESTINATION lib/systemd/system COMPONENT heliograph)
  heliograph_install_gzipped(packaging/heliograph.1 "${CMAKE_INSTALL_MANDIR}/man1" heliograph)
  heliograph_install_gzipped(packaging/heliograph.toml.5 "${CMAKE_INSTALL_MANDIR}/man5" heliograph)
  heliograph_install_gzipped(CHANGELOG.md "${doc_folder}" heliograph RENAME changelog)
  heliograph_install_gzipped(packaging/debian/changelog "${doc_folder}" heliograph RENAME changelog.Debian)
  install(FILES packaging/completion/heliograph DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions"
    COMPONENT heliograph)
  install(FILES packaging/completion/_heliograph DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/zsh/vendor-completions" COMPONENT heliograph)
  install(FILES packaging/completion/heliograph.fish DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/fish/vendor_completions.d"
    COMPONENT heliograph)
  file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
  install(FILES ${documents} DESTINATION "${doc_folder}" COMPONENT heliograph)
  install(FILES packaging/debian/copyright DESTINATION "${doc_folder}" COMPONENT heliograph)
  install(DIRECTORY packaging/prometheus packaging/grafana DESTINATION "${doc_folder}" COMPONENT heliograph)
endif()
install(FILES packaging/debian/copyright DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/heliograph-sdk" COMPONENT sdk)
heliograph_install_gzipped(packaging/debian/changelog "${CMAKE_INSTALL_DATAROOTDIR}/doc/heliograph-sdk" sdk RENAME changelog.Debian)
if(HELIOGRAPH_CORE)
  install(FILES packaging/debian/lintian-overrides DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides" COMPONENT heliograph
    RENAME heliograph)
endif()
install(FILES packaging/debian/lintian-overrides DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides" COMPONENT sdk
  RENAME heliograph-sdk)
add_custom_target(compressed_files ALL DEPENDS ${compressed_files})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME heliograph)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Heliograph authors <heliograph@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL heliograph sdk)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_NAME heliograph)
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_SECTION net)
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_SUGGESTS "redis-server, prometheus, heliograph-sdk")
set(CPACK_DEBIAN_HELIOGRAPH_DESCRIPTION "Applications hand it SMS, MMS and e-mail over HTTP; it keeps them safe, picks a
provider at the moment of sending, respects every limit, retries, reports and
bills. Provider adapters, distribution strategies and rate limiters are
plugins.")
set(CPACK_DEBIAN_HELIOGRAPH_PACKAGE_CONTROL_EXTRA
  "${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian/postinst;${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian/prerm;${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian/postrm;${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian/conffiles")
set(CPACK_DEBIAN_SDK_PACKAGE_NAME heliograph-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK_DESCRIPTION "Headers in C and C++, a fake host for unit tests, and the CMake package that
builds provider, distributor and limiter plugins.")
include(CPack)
