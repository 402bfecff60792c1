# One Makefile for everything. `make help` lists what it can do; V=1 shows the commands.
#
#   MODE=release (the default)  build/          optimised, hardened
#   MODE=asan                   build/asan/     address and undefined sanitizers
#   MODE=fuzz                   build/fuzz/     the same, for libFuzzer (needs clang)
#   MODE=cover                  build/cover/    for gcov
#   MODE=fuzz-cover             build/fuzz-cover/, MODE=fuzz for llvm-cov

MODE    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
TOP     ?= build

BUILD   := $(if $(filter release,$(MODE)),$(TOP),$(TOP)/$(MODE))
VERSION := 0.1.0

# ------------------------------------------------------------------ compiler flags

PKGS := libpcap libndpi yaml-0.1 libzmq libsodium sqlite3 jansson libmicrohttpd libcurl \
        libpsl libidn2 libseccomp libcap-ng libxxhash nettle libarchive

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wwrite-strings -Wcast-qual -Wconversion -Wundef -Wformat=2

SANITIZE := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
            -fsanitize=address,undefined

MODE.release := -O3 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
                -flto=auto -ffat-lto-objects
MODE.asan    := $(SANITIZE)
MODE.fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link
MODE.cover   := -O0 -g --coverage

COVERED := -fprofile-instr-generate -fcoverage-mapping
MODE.fuzz-cover := $(MODE.fuzz) $(COVERED)

# Of a unit test only what it tests has to be fast; its own code is compiled in half the time.
LESS.release := -O1 -fno-lto

LINK.release := -pie -Wl,-z,relro,-z,now

# The programs are optimised as a whole, which takes a while; a hundred tests are not. Seen
# as a whole, gcc 12 takes a text that is never empty for one.
WHOLE.release := -O3 -flto=auto -Wno-stringop-overread
PARTS.release := -fno-lto
LINK.asan    := -fsanitize=address,undefined
LINK.fuzz    := -fsanitize=address,undefined
LINK.cover   := --coverage
LINK.fuzz-cover := $(LINK.fuzz) $(COVERED)

ifneq ($(filter fuzz fuzz-cover,$(MODE)),)
CC := clang
endif

HOUSE := -std=gnu17 -D_GNU_SOURCE -iquote . -iquote include -DVERSION='"$(VERSION)"' \
         -DINSTALL_PREFIX='"$(PREFIX)"'
CFLAGS_PKGS := $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')
LIBS := $(shell pkg-config --libs $(PKGS)) -lev -lm

# What is being made has its name only when it is whole: where make, compiler or linker is
# killed, nothing is left that the next make takes for done.
IS_WHOLE = mv -f $@.part $@

COMPILE = $(CC) $(HOUSE) $(WARN) $(MODE.$(MODE)) $(LESS) $(CFLAGS_PKGS) $(CFLAGS) \
          -MMD -MP -MT $@ -MF $@.needs -c -o $@.part $< && \
          mv -f $@.needs $(@:.o=.d) && $(IS_WHOLE)
LINK    = $(CC) $(LINK.$(MODE)) $(LDFLAGS) -o $@.part $(1) -Wl,--as-needed $(LIBS)
WHOLE   = $(LINK) $(WHOLE.$(MODE)) && $(IS_WHOLE)
PARTS   = $(LINK) $(PARTS.$(MODE)) && $(IS_WHOLE)

QUIET := $(if $(V),,@)
SAY    = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

# ------------------------------------------------------------------ what there is
#
# A program is the file with its main() and the archives of the folders it may know;
# every other .c goes into its folder's archive, which tests and fuzzers link as well.
# A new module, test or fuzzer is found by its name: nothing here needs to change.

FOLDERS   := common agent collector cli
MAINS     := $(wildcard $(FOLDERS:%=%/main.c))
PROGRAMS  := $(patsubst hallwatch-cli,hallwatch,$(MAINS:%/main.c=hallwatch-%))

SOURCES   := $(wildcard $(FOLDERS:%=%/*.c))
UNIT      := $(wildcard tests/unit/test_*.c)
FUZZERS   := $(wildcard tests/fuzz/fuzz_*.c)
BENCHES   := $(wildcard tests/bench/bench_*.c)
DRIVERS   := $(wildcard tests/e2e/*.c)
C_FILES    = $(SOURCES) $(wildcard include/*.h $(FOLDERS:%=%/*.h) tests/*/*.[ch])

part       = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
archive    = $(foreach f,$(1),$(if $(wildcard $(f)/*.c),$(BUILD)/lib/$(f).a))

# ------------------------------------------------------------------ how it is built

.PHONY: all
all: $(PROGRAMS:%=$(BUILD)/bin/%) $(BUILD)/share/hallwatch.stamp ## build the programs (the default)

$(BUILD)/bin/hallwatch-agent: $(BUILD)/obj/agent/main.o $(call archive,agent common)
$(BUILD)/bin/hallwatch-collector: $(BUILD)/obj/collector/main.o $(call archive,collector common)
$(BUILD)/bin/hallwatch: $(BUILD)/obj/cli/main.o $(call archive,cli collector common)
$(BUILD)/bin/%:
	$(call SAY,LINK)
	@mkdir -p $(@D)
	$(QUIET)$(call WHOLE,$^)

# What the programs read at run time, found beside bin/ as it will be when installed.
$(BUILD)/share/hallwatch.stamp:
	@mkdir -p $(@D)
	@rm -rf $(BUILD)/share/hallwatch
	@ln -s $(CURDIR) $(BUILD)/share/hallwatch
	@touch $@

TEST_ARCHIVES := $(call archive,cli agent collector common)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(TEST_ARCHIVES)
	$(call SAY,LINK)
	@mkdir -p $(@D)
	$(QUIET)$(call PARTS,$^ -lcmocka)

$(BUILD)/obj/tests/unit/%.o: LESS := $(LESS.$(MODE))

$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(TEST_ARCHIVES)
	$(call SAY,LINK)
	@mkdir -p $(@D)
	$(QUIET)$(call PARTS,$^)

$(BUILD)/tests/e2e/%: $(BUILD)/obj/tests/e2e/%.o $(TEST_ARCHIVES)
	$(call SAY,LINK)
	@mkdir -p $(@D)
	$(QUIET)$(call PARTS,$^)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(TEST_ARCHIVES)
	$(call SAY,LINK)
	@mkdir -p $(@D)
	$(QUIET)$(call PARTS,$^ -fsanitize=fuzzer)

.SECONDEXPANSION:
$(BUILD)/lib/%.a: $$(call part,%) %
	$(call SAY,AR)
	@mkdir -p $(@D) && rm -f $@.part
	$(QUIET)$(AR) rcs $@.part $(filter %.o,$^) && $(IS_WHOLE)

$(BUILD)/obj/%.o: %.c
	$(call SAY,CC)
	@mkdir -p $(@D)
	$(QUIET)$(COMPILE)

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ------------------------------------------------------------------ how it is checked

SELF := +@$(MAKE) --no-print-directory

.PHONY: ready check unit units golden rules-test drivers e2e lint flags format docs fuzz fuzzers fuzz-cover bench benches cover
ready: all units drivers ## build all that tests/run needs: also the sanitizer builds and fuzzers
	$(SELF) MODE=asan all units
	$(SELF) MODE=fuzz fuzzers

check: ready ## every test: unit (also under sanitizers), captures, rules, corpus, end to end
	@tests/run --build $(TOP)

units: $(UNIT:%.c=$(BUILD)/%)
unit: units ## the unit tests of this MODE only
	@tests/run --only unit --build $(BUILD)

golden: all ## captures against their expected events and alerts
	@tests/run --only golden --build $(BUILD)

rules-test: all ## the tests inside the shipped rules
	@tests/run --only rules --build $(BUILD)

drivers: $(DRIVERS:%.c=$(BUILD)/%)
e2e: all drivers ## the whole system, in network namespaces (needs root)
	@tests/run --only e2e --build $(BUILD)

lint: all ## formatter, linters, borders; prints the longest functions and files
	@tests/lint/run

flags: # what tests/lint/run compiles with
	$(info $(HOUSE) $(CFLAGS_PKGS)) @:

format: ## rewrite the C files in the house style
	clang-format -i $(C_FILES)

docs: all ## write the pages anew that come from the table of fields
	$(BUILD)/bin/hallwatch rules fields --format markdown >docs/EVENTS.md
	$(BUILD)/bin/hallwatch rules fields --format schema >docs/events.schema.json

fuzzers: $(FUZZERS:%.c=$(BUILD)/%)
fuzz: ## run every fuzzer, ten minutes each; RUN=dns those of DNS, SECONDS=60 each
	$(SELF) MODE=fuzz fuzzers
	@tests/fuzz/run $(TOP)/fuzz "$(RUN)" "$(or $(SECONDS),600)"

fuzz-cover: ## what of their readers the fuzzers reach from their seeds; RUN and SECONDS as above
	$(SELF) MODE=fuzz-cover fuzzers
	@tests/fuzz/run --cover $(TOP)/fuzz-cover "$(RUN)" "$(or $(SECONDS),30)"

benches: $(BENCHES:%.c=$(BUILD)/%)
bench: all benches ## the figures of docs/NUMBERS.md, beside the peers that are installed
	@tests/bench/run $(BUILD)

cover: ## line coverage of the unit tests
	$(SELF) MODE=cover unit
	gcovr --root . --html-details $(TOP)/cover/index.html

# ------------------------------------------------------------------ how it is used

.PHONY: demo install clean help
demo: ## a school morning through the real thing, then what happened in plain words
	@deploy/demo

MAN := $(wildcard docs/*.[1-9])
SHARE = $(DESTDIR)$(PREFIX)/share/hallwatch

LIB   = $(DESTDIR)$(PREFIX)/lib

install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(SHARE)
	install -m 755 $(BUILD)/bin/hallwatch $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/bin/hallwatch-agent $(BUILD)/bin/hallwatch-collector $(DESTDIR)$(PREFIX)/sbin
	for f in $$(find rules deploy/examples -type f); do \
	  install -D -m 644 $$f $(SHARE)/$$f || exit 1; done
	for u in agent collector; do \
	  install -D -m 644 deploy/systemd/hallwatch-$$u.service \
	    $(LIB)/systemd/system/hallwatch-$$u.service || exit 1; \
	  sed -i 's,/usr/local/,$(PREFIX)/,' $(LIB)/systemd/system/hallwatch-$$u.service; done
	install -D -m 644 deploy/systemd/hallwatch.sysusers $(LIB)/sysusers.d/hallwatch.conf
	install -D -m 644 deploy/systemd/hallwatch.tmpfiles $(LIB)/tmpfiles.d/hallwatch.conf
	for m in $(MAN); do \
	  install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/} || exit 1; done

clean: ## forget everything that was built
	rm -rf $(TOP)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
