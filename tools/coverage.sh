#!/usr/bin/env bash
# Line coverage of core/ and plugins/ by all fast tests: builds the coverage preset, runs it, prints a table and writes
# build/coverage/html. The floors that carry the promises (pipeline, store, limiter) must stay above 90 % of lines.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-2}
cmake --preset coverage
cmake --build --preset coverage -j "$jobs"
profiles=$PWD/build/coverage/profiles
rm -rf "$profiles"
LLVM_PROFILE_FILE="$profiles/%p-%m.profraw" ctest --test-dir build/coverage -j "$jobs" -LE 'slow|fault' --no-tests=error
llvm-profdata-19 merge -sparse "$profiles"/*.profraw -o build/coverage/all.profdata
objects=()
while IFS= read -r file; do objects+=(-object "$file"); done < <(
  find build/coverage/bin build/coverage/plugins build/coverage/tests -type f \( -perm -u+x -o -name '*.so' \) | sort)
common=(-instr-profile build/coverage/all.profdata "${objects[@]}" -ignore-filename-regex '(^/usr|/tests/|/build/)')
llvm-cov-19 show "${common[@]}" -format=html -output-dir build/coverage/html >/dev/null
llvm-cov-19 report "${common[@]}" | tee build/coverage/report.txt | awk 'NF > 3 {print $1, $(NF-3)}' | column -t
python3 tools/coverage_floor.py build/coverage/report.txt
