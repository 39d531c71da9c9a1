# Libraries of the gateway, all of them Debian 12 packages (packaging/install-deps.sh), found and never fetched.
set(Boost_USE_STATIC_LIBS OFF)
find_package(Threads REQUIRED)
set(Boost_NO_WARN_NEW_VERSIONS ON)  # newer than CMake knows
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS filesystem url system)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(valijson REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
# Time zones with the rules of the system's tz database; Debian's package has no CMake files.
find_path(HELIOGRAPH_CCTZ_INCLUDE cctz/time_zone.h REQUIRED)
find_library(HELIOGRAPH_CCTZ_LIBRARY cctz REQUIRED)
add_library(heliograph_cctz INTERFACE)
target_include_directories(heliograph_cctz SYSTEM INTERFACE "${HELIOGRAPH_CCTZ_INCLUDE}")
target_link_libraries(heliograph_cctz INTERFACE "${HELIOGRAPH_CCTZ_LIBRARY}")

# Asio and Beast are compiled once, here, instead of in every file that includes them.
add_library(heliograph_boost STATIC
  cmake/separate_compilation/asio.cpp
  cmake/separate_compilation/asio_ssl.cpp
  cmake/separate_compilation/beast.cpp)
target_compile_features(heliograph_boost PUBLIC cxx_std_23)
target_compile_definitions(heliograph_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ALL_NO_LIB)
target_link_libraries(heliograph_boost PUBLIC Boost::headers Boost::system OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

add_library(heliograph_spdlog INTERFACE)
target_compile_definitions(heliograph_spdlog INTERFACE SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
target_link_libraries(heliograph_spdlog INTERFACE spdlog::spdlog fmt::fmt)

# Tells the service manager how the service fares (sd_notify).
find_path(HELIOGRAPH_SYSTEMD_INCLUDE systemd/sd-daemon.h REQUIRED)
find_library(HELIOGRAPH_SYSTEMD_LIBRARY systemd REQUIRED)
add_library(heliograph_systemd INTERFACE)
target_include_directories(heliograph_systemd SYSTEM INTERFACE "${HELIOGRAPH_SYSTEMD_INCLUDE}")
target_link_libraries(heliograph_systemd INTERFACE "${HELIOGRAPH_SYSTEMD_LIBRARY}")

# The text of /metrics. Not by find_package: Debian's file asks for the parts that are not used (civetweb, curl) too.
find_path(HELIOGRAPH_PROMETHEUS_INCLUDE prometheus/text_serializer.h REQUIRED)
find_library(HELIOGRAPH_PROMETHEUS_LIBRARY prometheus-cpp-core REQUIRED)
add_library(heliograph_prometheus INTERFACE)
target_include_directories(heliograph_prometheus SYSTEM INTERFACE "${HELIOGRAPH_PROMETHEUS_INCLUDE}")
target_link_libraries(heliograph_prometheus INTERFACE "${HELIOGRAPH_PROMETHEUS_LIBRARY}")
