#!/usr/bin/env bash
# Installs what Heliograph needs: Debian 12's own packages, and with npm the few tools that are none (their versions are in the
# package-lock.json beside the tests that use them). Idempotent: what is present costs one query.
#
#   packaging/install-deps.sh            to build, run and test
#   packaging/install-deps.sh --build    to build alone, without tests and without npm
#   packaging/install-deps.sh --deb      also what puts packages to the test
#   packaging/install-deps.sh --lint     also clang-format, clang-tidy, the contract's linter
#   packaging/install-deps.sh --bench    also nginx, Kannel and perf, the neighbours in `make bench`
#
# Server packages are never started: a policy-rc.d that answers 101 stands in for the time of the installation.
set -euo pipefail

packages=(
  # toolchain; clang-19 because g++ 12 miscompiles coroutines (docs/decisions/0001-clang-for-the-core.md)
  clang-19 lld-19 libclang-rt-19-dev llvm-19 g++ cmake ninja-build ccache pkg-config make git ca-certificates
  # libraries
  libboost1.81-dev libboost-filesystem1.81-dev libboost-url1.81-dev libboost-system1.81-dev
  libssl-dev libsqlitecpp-dev libsqlite3-dev libtomlplusplus-dev nlohmann-json3-dev libvalijson-dev
  libspdlog-dev libfmt-dev prometheus-cpp-dev libcli11-dev libcurl4-openssl-dev libhiredis-dev
  libcctz-dev libsystemd-dev tzdata
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-jsonschema curl openssl gzip exim4-daemon-light redis-server
  protobuf-compiler python3-protobuf  # what is told to a collector, read by its definitions
  prometheus  # promtool: the page of /metrics, the alert rules
  strace iproute2 util-linux  # faults and syncs counted; a network namespace
  chromium  # shows /docs and the dashboard in tests/browser
  python3-yaml  # what packaging/ and .github/ say
  zsh fish groff-base  # completion and manual pages
)
node_folders=(tests/browser)
# For the projects of `plugin new`; cargo and npm from elsewhere are as good, and Debian's npm does not install beside another.
command -v node >/dev/null || test_packages+=(nodejs)
command -v npm >/dev/null || test_packages+=(npm)
command -v cargo >/dev/null || test_packages+=(rustc cargo)
for option in "$@"; do
  case "$option" in
    --build)
      test_packages=()
      node_folders=()
      ;;
    --deb)
      packages+=(debootstrap dpkg-dev file lintian)
      ;;
    --lint)
      packages+=(clang-format-19 clang-tidy-19 shellcheck)
      node_folders+=(tests/contract)
      ;;
    --bench)
      packages+=(nginx-light kannel wrk linux-perf)
      node_folders+=(tests/bench)
      ;;
    *) echo "install-deps.sh: unknown option '$option' (known: --build, --deb, --lint, --bench)" >&2; exit 2 ;;
  esac
done


missing=()
for package in "${packages[@]}" "${test_packages[@]}"; do
  # `Status: install ok installed` is the only state in which a package can be used.
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing+=("$package")
  fi
done

# Global, because the trap below outlives the function.
sudo=()
policy=/usr/sbin/policy-rc.d
made_policy=no
remove_policy() {
  if [ "$made_policy" = yes ]; then "${sudo[@]}" rm -f "$policy"; fi
  made_policy=no
}

install_packages() {
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "install-deps.sh: needs root (or sudo) to install: ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi

  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 755 "$policy"
    made_policy=yes
  fi
  trap remove_policy EXIT

  echo "installing: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  remove_policy
}

# Anew when the lockfile is newer than what was installed; no scripts of packages are run.
install_node_modules() {
  local folder=$1
  if [ "$folder/node_modules/.installed" -nt "$folder/package-lock.json" ]; then
    return
  fi
  echo "installing: node modules of $folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  touch "$folder/node_modules/.installed"
}

if [ ${#missing[@]} -ne 0 ]; then
  install_packages
fi
for folder in "${node_folders[@]}"; do
  install_node_modules "$(dirname "$0")/../$folder"
done
