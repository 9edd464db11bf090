# Shortcuts over Meson; `make help` lists them.
BUILD ?= build
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local

help:
	@sed -n 's/^## //p' Makefile

## make all        build everything into build/
all: deps
	@packaging/configure normal $(BUILD)
	ninja -C $(BUILD)

programs: deps
	@packaging/configure normal $(BUILD)
	ninja -C $(BUILD) programs

## make demo       a whole election on this machine, verified
demo: programs
	$(BUILD)/programs/psephos/psephos demo $(DEMO_ARGS)

## make check      every test, also under sanitizers, and a short fuzzing
check: deps-check
	@packaging/check $(BUILD)

## make bench      everything measured, a report below build/bench (a quarter of an hour)
bench: programs
	@packaging/bench $(BUILD)

## make performance  the figures of the last make bench into docs/performance.md
performance:
	@packaging/performance $(BUILD)

## make fuzz       every fuzz target for FUZZ_SECONDS (60), two at a time
fuzz: deps-check
	@packaging/fuzz $(BUILD)/fuzz $(FUZZ_SECONDS)

## make soak       2,000 kills of the daemons under load; 9 million wake-ups of the HTTP server;
##                 10,000 random kills and failures inside the sequencer, 1,000 more on
##                 PostgreSQL (hours)
soak: KILLS = $(BUILD)/programs/psephos/psephos $(BUILD)/programs/psephos-verify/psephos-verify 0
soak: all
	PSE_TEST_KILLS=1700 tests/e2e/kills.sh . $(KILLS)
	PSE_TEST_KILLS=200 tests/support/postgres.sh $(BUILD)/soak.pg 1 tests/e2e/kills.sh . $(KILLS)
	PSE_TEST_KILLS=100 tests/e2e/office_kills.sh . $(KILLS)
	PSE_TEST_WAKEUPS=3000000 tests/e2e/wakeups.sh . $(KILLS)
	PSE_TEST_RUNS=10000 $(BUILD)/tests/unit/store_faults
	PSE_TEST_RUNS=1000 tests/support/postgres.sh $(BUILD)/soak.pg 20 $(BUILD)/tests/unit/store_faults

## make asan       tests under the address and undefined-behaviour sanitizers
asan: deps-check
	@packaging/configure asan $(BUILD)/asan
	ninja -C $(BUILD)/asan
	packaging/unmoved meson test -C $(BUILD)/asan --no-rebuild --timeout-multiplier 5 \
	    --suite unit --suite tamper --suite e2e

## make serve      all daemons of a test election on this machine, in build/serve (SERVE_ARGS)
serve: programs
	$(BUILD)/programs/psephos/psephos serve --dir $(BUILD)/serve $(SERVE_ARGS)

## make format     clang-format over all C files
format: deps-check
	git ls-files '*.c' '*.h' | xargs clang-format -i

## make tidy       clang-tidy over all C files (slow; advice, not a gate)
tidy: deps-check
	@packaging/configure normal $(BUILD)
	git ls-files '*.c' | grep -v '^fuzz/' | xargs -n 8 -P 2 clang-tidy --quiet -p $(BUILD)

## make install    install below PREFIX (/usr/local)
install: all
	meson configure $(BUILD) --prefix $(PREFIX)
	meson install -C $(BUILD)

## make deps       install what the build needs (apt); make deps-check: the tests as well
deps:
	@packaging/install-deps build
deps-check:
	@packaging/install-deps check

## make clean      remove build/
clean:
	rm -rf $(BUILD)

.PHONY: help all programs demo check bench performance fuzz asan serve format tidy install deps deps-check clean
