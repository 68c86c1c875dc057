# lm: build, check, install. Settings that a packager changes: CC CFLAGS CPPFLAGS LDFLAGS PREFIX
# DESTDIR BUILD; ours are appended apart and can be emptied with LM_CFLAGS= LM_LDFLAGS=.

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
PKG_CONFIG ?= pkg-config

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
HARDENING = -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
LM_CFLAGS = $(WARNINGS) $(HARDENING) $(WERROR)
LM_LDFLAGS = -pie -Wl,-z,relro,-z,now
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. $(shell $(PKG_CONFIG) --cflags libsodium jansson) \
	$(LM_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LIBS = $(shell $(PKG_CONFIG) --libs libsodium jansson) -pthread

LIB_SOURCES := $(sort $(wildcard lib/*/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
# cmd/lm-x.c is the program lm-x; the others in cmd/ are what the programs share.
PROGRAMS := $(patsubst cmd/%.c,%,$(sort $(wildcard cmd/lm-*.c)))
SHARED_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(wildcard cmd/lm-*.c),$(wildcard cmd/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

all: $(PROGRAMS:%=$(BUILD)/bin/%)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/liblm.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/bin/%: $(BUILD)/cmd/%.o $(SHARED_OBJECTS) $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/liblm.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LM_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(LIB_OBJECTS:.o=.d) $(wildcard $(BUILD)/cmd/*.d $(BUILD)/tests/unit/*.d)

clean:
	rm -rf build build-*

.PHONY: all clean
.SECONDARY:
