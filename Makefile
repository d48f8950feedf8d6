# The front door. Everything here is a thin line over CMakePresets.json and scripts/.
.DEFAULT_GOAL := help
.PHONY: help build run run-rabbitmq test check check-quick format check-format check-tidy check-tidy-quick check-fuzz check-asan \
        check-tsan bench clean

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 10
# `make build` leaves tests and benchmarks out, for they need packages that a user does not.
CONFIGURE_ALL = cmake --preset release -D INBOXD_TESTS=ON -D INBOXD_BENCH=ON

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## install what is missing, build build/release/inboxd
	scripts/install-deps build
	cmake --preset release -D INBOXD_TESTS=OFF -D INBOXD_BENCH=OFF
	cmake --build --preset release --parallel $(JOBS) --target inboxd

run: build ## the same, then the engine with the embedded broker, until Ctrl-C
	scripts/install-deps clients
	@exec scripts/run

run-rabbitmq: build ## the same with a private RabbitMQ node
	scripts/install-deps broker
	@exec scripts/run rabbitmq

test: ## build the program and its tests, run every test
	scripts/install-deps build broker test
	cmake --preset release -D INBOXD_TESTS=ON -D INBOXD_BENCH=OFF
	cmake --build --preset release --parallel $(JOBS)
	ctest --preset release --parallel $(JOBS)

check: check-format check-tidy check-fuzz check-asan check-tsan ## format, clang-tidy, fuzzers for some seconds, sanitizer builds

check-quick: check-format check-tidy-quick check-asan check-tsan ## the same without the fuzzers and what takes clang-tidy longest

check-format: ## say which files clang-format would change
	scripts/install-deps check
	scripts/cxx-files | xargs clang-format --dry-run -Werror

format: ## let clang-format change them
	scripts/install-deps check
	scripts/cxx-files | xargs clang-format -i

check-tidy: ## clang-tidy over every source file
	scripts/install-deps build test check
	$(CONFIGURE_ALL)
	scripts/tidy build/release $(JOBS)

# The static analyzer looks at the file alone that it is called for, and the tests are many: both are left to check-tidy.
# Over a whole folder, a destructor that posts to a thread is found to throw where memory ends.
check-tidy-quick: ## clang-tidy over each folder of src at once, and over bench
	scripts/install-deps build test check
	cmake --preset asan
	TIDY_SKIP=tests TIDY_CHECKS='-clang-analyzer-*,-bugprone-suspicious-include,-bugprone-exception-escape' scripts/tidy build/asan $(JOBS)

check-fuzz: ## run each fuzzer for FUZZ_SECONDS
	scripts/install-deps build test check
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	scripts/fuzz build/fuzz $(FUZZ_SECONDS)

check-asan: sanitized = unit_tests|contract_tests|fuzz
check-tsan: sanitized = unit_tests|contract_tests
check-asan check-tsan: check-%: ## unit and contract tests under AddressSanitizer and UBSan, and under ThreadSanitizer
	scripts/install-deps build test check
	cmake --preset $*
	cmake --build --preset $* --parallel $(JOBS)
	ctest --preset $* --parallel $(JOBS) --label-regex '^($(sanitized))$$'

bench: ## measure this engine next to a bare forwarder
	scripts/install-deps build broker test
	$(CONFIGURE_ALL)
	cmake --build --preset release --parallel $(JOBS)
	bench/run

clean: ## remove what was built (not data/)
	rm -rf build tests/integration/node_modules
