# Installs the SDK as a package: find_package(HeliographSdk) gives heliograph::sdk, heliograph::sdk_testing and
# heliograph_add_plugin(). Draft extensions stay behind: nothing outside this tree should be built on them.
include(CMakePackageConfigHelpers)
set(sdk_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/HeliographSdk")

install(DIRECTORY include/heliograph DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk
  PATTERN "draft" EXCLUDE)
install(TARGETS heliograph_sdk EXPORT HeliographSdkTargets COMPONENT sdk)
install(EXPORT HeliographSdkTargets NAMESPACE heliograph:: DESTINATION "${sdk_cmake_dir}" COMPONENT sdk)

configure_package_config_file(cmake/HeliographSdkConfig.cmake.in
  "${CMAKE_CURRENT_BINARY_DIR}/HeliographSdkConfig.cmake" INSTALL_DESTINATION "${sdk_cmake_dir}")
# A plugin built with a newer minor may need what an older SDK lacks, never the other way round.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/HeliographSdkConfigVersion.cmake"
  VERSION ${HELIOGRAPH_SDK_VERSION} COMPATIBILITY SameMajorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/HeliographSdkConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/HeliographSdkConfigVersion.cmake"
  cmake/HeliographAddPlugin.cmake cmake/plugin_exports.map
  DESTINATION "${sdk_cmake_dir}" COMPONENT sdk)
