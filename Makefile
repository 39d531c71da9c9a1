# The few commands that matter; everything else is CMake (CMakePresets.json).
#
#   make run       install what is missing, build, serve the demo
#   make test      install, build, run all tests (gateway with clang-19; SDK and plugins with g++ too)
#   make lint      clang-format, clang-tidy, shellcheck
#   make bench     build and measure, beside nginx and Kannel where installed (docs/benchmarks.md)
#   make baseline  processor time and syncs of a message, compared with the committed figures
#   make slow      the slow test set: a backlog of 20,000 messages (a million: make fault)
#   make fault     the whole fault suite, results into docs/reliability.md
#   make mutants   breaks the gateway on purpose and shows that the tests notice
#   make fuzz      fuzz every parser of foreign bytes for SECONDS (60) each, JOBS at a time
#   make deb       the Debian packages, in build/deb/packages; make deb-test installs them into a fresh Debian and sends a message
#   make asan | tsan | coverage
JOBS ?= 2
# Tests wait for processes more than they compute.
TEST_JOBS ?= 4
SECONDS ?= 60
export CTEST_OUTPUT_ON_FAILURE = 1
# Lets build folders share compilations.
export CCACHE_BASEDIR = $(CURDIR)
export CCACHE_NOHASHDIR = 1

.PHONY: run test build build-gcc deps lint bench baseline slow fault mutants fuzz deb deb-test asan tsan coverage clean

run: build
	build/release/bin/heliograph serve --demo

deps:
	packaging/install-deps.sh

build: deps
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

build-gcc: deps
	cmake --preset plugins-gcc
	cmake --build --preset plugins-gcc -j $(JOBS)

test: build build-gcc
	ctest --test-dir build/plugins-gcc -j $(TEST_JOBS) --no-tests=error
	HELIOGRAPH_GCC_PLUGINS=$(CURDIR)/build/plugins-gcc/plugins \
	  ctest --test-dir build/release -j $(TEST_JOBS) -LE 'slow|fault' --no-tests=error

slow:
	packaging/install-deps.sh --bench
	$(MAKE) build
	ctest --test-dir build/release -L slow --no-tests=error

fault:
	packaging/install-deps.sh --bench
	$(MAKE) build
	tests/fault/run.py build/release

mutants: deps
	tests/mutants/run.py --jobs $(JOBS)

# After the build, because clang-tidy reads its precompiled headers and generated files.
lint: build
	packaging/install-deps.sh --lint
	tools/lint.sh build/release $(JOBS)

bench:
	packaging/install-deps.sh --bench
	$(MAKE) build
	build/release/bin/heliograph_plugin_calls_bench
	tests/bench/run.py

# Warns where a message has become dearer than tests/bench/baseline.json says; never fails for it.
baseline: build
	tests/bench/baseline.py
fuzz: deps
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	tests/fuzz/run.py --seconds $(SECONDS) --jobs $(JOBS)

asan tsan: deps
	cmake --preset $@
	cmake --build --preset $@ -j $(JOBS)
	ctest --test-dir build/$@ -j $(JOBS) -LE 'slow|fault' --no-tests=error

deb:
	packaging/install-deps.sh --build
	cmake --preset deb
	cmake --build --preset deb -j $(JOBS)
	cd build/deb && cpack

deb-test: deb
	packaging/install-deps.sh --deb
	tests/packaging/deb_test.py build/deb/packages

coverage:
	packaging/install-deps.sh
	tools/coverage.sh $(JOBS)

clean:
	rm -rf build
