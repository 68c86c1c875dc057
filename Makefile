# lm: build, check, install. Settings that a packager changes: CC CFLAGS CPPFLAGS LDFLAGS PREFIX
# DESTDIR BUILD; ours are appended apart and can be emptied with LM_CFLAGS= LM_LDFLAGS=.

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
PKG_CONFIG ?= pkg-config

# In `make -j deps check` nothing is built before what it needs is there.
FIRST := $(filter deps deps-ci,$(MAKECMDGOALS))

# `make V=1` shows the commands whole.
V ?=
say = $(if $(V),,@echo "  $(1) $@";)

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
# The first of these flags that the compiler takes without a word.
first_taken = $(shell for flag in $(1); do $(CC) $(CFLAGS) $$flag -Werror -include stdio.h -x c -c \
	-o /dev/null /dev/null 2>/dev/null && echo "$$flag" && break; done)
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,\
	$(call first_taken,-D_FORTIFY_SOURCE=3 -D_FORTIFY_SOURCE=2))
HARDENING := -fstack-protector-strong -fPIE $(FORTIFY) $(call first_taken,-fstack-clash-protection) \
	$(call first_taken,-fcf-protection)
LM_CFLAGS = $(WARNINGS) $(HARDENING) $(WERROR)
LM_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. $(shell $(PKG_CONFIG) --cflags libsodium jansson) \
	$(LM_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LIBS = $(shell $(PKG_CONFIG) --libs libsodium jansson) -pthread

LIB_SOURCES := $(sort $(wildcard lib/*/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
# cmd/lm-x.c is the program lm-x, with what is in cmd/lm-x/ where it has commands of its own; the
# others in cmd/ are what the programs share.
PROGRAMS := $(patsubst cmd/%.c,%,$(sort $(wildcard cmd/lm-*.c)))
SHARED_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard cmd/lm-*.c),$(wildcard cmd/*.c)))
TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(sort $(wildcard tests/tools/*.c)))
REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/replay/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
PRELOADS := $(patsubst tests/preload/%.c,$(BUILD)/tests/preload/%.so,$(sort $(wildcard tests/preload/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

all: $(PROGRAMS:%=$(BUILD)/bin/%)

$(BUILD)/%.o: %.c | $(FIRST)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/liblm.a: $(LIB_OBJECTS)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

.SECONDEXPANSION:
$(BUILD)/bin/%: $(BUILD)/cmd/%.o $$(addprefix $(BUILD)/,$$(addsuffix .o,$$(basename $$(sort $$(wildcard cmd/$$*/*.c))))) \
		$(SHARED_OBJECTS) $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Preloaded into the programs by tests: what a test does from inside.
$(BUILD)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -Wno-pedantic -fPIC -shared $(LDFLAGS) -o $@ $< -ldl

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The fuzzing harnesses without a fuzzer, to run the seeds in the tree through.
$(BUILD)/tests/replay/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(LIB_OBJECTS:.o=.d) $(wildcard $(BUILD)/cmd/*.d $(BUILD)/cmd/*/*.d $(BUILD)/tests/*/*.d)

# ---- what a newcomer types ----

deps:
	@tests/tools/deps

deps-ci: deps
	@tests/tools/deps ci

demo: all
	@PATH="$(abspath $(BUILD)/bin):$$PATH" examples/paper/run $(BUILD)/demo

check: all $(UNIT_TESTS) $(TOOLS) $(PRELOADS) $(REPLAYS)
	@tests/run $(BUILD) $(TESTS)

# ---- what a contributor types ----

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
check-asan:
	@LM_QUICK=1 $(MAKE) BUILD=build-asan CFLAGS="-O1 -g $(SANITIZE)" CPPFLAGS="-U_FORTIFY_SOURCE" check

# tests/fault.bats with every call failing in turn, not only some of the later ones.
check-fault: all $(TOOLS) $(PRELOADS)
	@LM_FAULT_ALL=1 tests/run $(BUILD) tests/fault.bats

# lm-log killed and its disk's power cut, CRASH_ROUNDS times each.
CRASH_ROUNDS ?= 1000
check-crash: all $(PRELOADS)
	@LM_CRASH_ROUNDS=$(CRASH_ROUNDS) tests/run $(BUILD) tests/lm-log.bats

check-valgrind: all $(UNIT_TESTS)
	@tests/tools/valgrind $(BUILD)

# Every harness in tests/fuzz, FUZZ_SECONDS each. Needs clang.
FUZZ_SECONDS ?= 60
FUZZ_BUILD = build-fuzz
FUZZERS = $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
fuzz:
	@$(MAKE) CC=clang BUILD=$(FUZZ_BUILD) CPPFLAGS="-U_FORTIFY_SOURCE" \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" \
		$(FUZZERS)
	@tests/fuzz/run $(FUZZ_BUILD) $(FUZZ_SECONDS)

check-interop: all
	@tests/interop/run $(BUILD)

lint: all $(TOOLS)
	@tests/tools/lint $(BUILD)

# Writes again what is written from tables: man/lm-records.5 and completions/.
generate: all $(TOOLS)
	@tests/tools/generate $(BUILD) .

bench: all $(BUILD)/tests/bench/raw
	@tests/bench/run $(BUILD) $(BENCH_SIZES)

# ---- installing ----

MAN_PAGES := $(sort $(wildcard man/*.[157]))

install: all
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(PROGRAMS:%=$(BUILD)/bin/%) "$(DESTDIR)$(PREFIX)/bin"
	for page in $(MAN_PAGES); do \
		section="$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}"; \
		install -d "$$section" && install -m 644 "$$page" "$$section" || exit 1; \
	done
	install -d "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -m 644 completions/bash/* "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -d "$(DESTDIR)$(PREFIX)/share/zsh/site-functions"
	install -m 644 completions/zsh/* "$(DESTDIR)$(PREFIX)/share/zsh/site-functions"
	install -d "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	install -m 644 completions/fish/* "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"

uninstall:
	cd "$(DESTDIR)$(PREFIX)/bin" && rm -f $(PROGRAMS)
	for page in $(MAN_PAGES); do \
		rm -f "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}" || exit 1; \
	done
	cd "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" && rm -f $(PROGRAMS)
	cd "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" && rm -f $(PROGRAMS:%=_%)
	cd "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d" && rm -f $(PROGRAMS:%=%.fish)

clean:
	rm -rf build build-*

.PHONY: all deps deps-ci demo check check-asan check-crash check-fault check-valgrind check-interop \
	fuzz lint generate bench install uninstall clean
.SECONDARY:
