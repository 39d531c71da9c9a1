#!/usr/bin/env bash
# Formatting and static analysis of everything git tracks: clang-format-19, clang-tidy-19, shellcheck, and the contract's
# linter.
#   tools/lint.sh BUILD_FOLDER [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?build folder with compile_commands.json}
jobs=${2:-2}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

git ls-files -z '*.h' '*.hpp' '*.c' '*.cpp' ':!sdk/abi/golden' | xargs -0 -r clang-format-19 --dry-run --Werror

# shellcheck disable=SC2046  # the names have no blanks
shellcheck packaging/*.sh tools/*.sh third_party/*/*.sh .ci/run

tools/format_contract.py --check
third_party/swagger-ui/update.sh --check
# Telemetry and the look for a newer version would ask other hosts.
if ! (cd tests/contract && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
  node_modules/.bin/redocly lint --config redocly.yaml ../../docs/openapi/openapi.json) >"$log" 2>&1; then
  cat "$log" >&2
  echo "lint: the contract has faults (CONTRIBUTING.md, The contract)" >&2
  exit 1
fi

# Tests are formatted and compiled with warnings as errors, and left out of the analysis to keep it within minutes.
if ! git ls-files 'core/*.cpp' 'plugins/*.cpp' 'sdk/*.cpp' | grep -v '/tests/' |
  xargs -r -P "$jobs" -n 4 clang-tidy-19 -p "$build" --quiet --warnings-as-errors='*' >"$log" 2>&1; then
  grep -E -A 3 '(error|warning):' "$log" >&2
  echo "lint: clang-tidy found something" >&2
  exit 1
fi
echo "lint: clean"
