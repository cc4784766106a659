# One entry point for each module that reads what strangers write. With --enable-fuzzers
# (clang) these are libFuzzer programs for `make fuzz`; without, replay.c feeds them the
# fixtures in `make check`.
fuzz_programs = \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_fastpix \
	tests/fuzz/fuzz_head \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_m3u8 \
	tests/fuzz/fuzz_mp4 \
	tests/fuzz/fuzz_optiview \
	tests/fuzz/fuzz_sidecar \
	tests/fuzz/fuzz_signature \
	tests/fuzz/fuzz_sniff \
	tests/fuzz/fuzz_template \
	tests/fuzz/fuzz_time \
	tests/fuzz/fuzz_url

fuzz_common = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
fuzz_platform = tests/fuzz/fuzz_platform.c tests/fuzz/fuzz_platform.h
EXTRA_DIST += tests/fuzz/replay.c tests/data/fuzz tests/data/hls

if FUZZERS
noinst_PROGRAMS += $(fuzz_programs)
fuzz_link_flags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_common += tests/fuzz/replay.c
check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)
fuzz_link_flags = $(AM_LDFLAGS)
endif

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_common)
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_config_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_fastpix_SOURCES = tests/fuzz/fuzz_fastpix.c $(fuzz_common) $(fuzz_platform)
tests_fuzz_fuzz_fastpix_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_fastpix_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_head_SOURCES = tests/fuzz/fuzz_head.c $(fuzz_common)
tests_fuzz_fuzz_head_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_head_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_common)
tests_fuzz_fuzz_json_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_json_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_m3u8_SOURCES = tests/fuzz/fuzz_m3u8.c $(fuzz_common)
tests_fuzz_fuzz_m3u8_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_m3u8_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_mp4_SOURCES = tests/fuzz/fuzz_mp4.c $(fuzz_common)
tests_fuzz_fuzz_mp4_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_mp4_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_optiview_SOURCES = tests/fuzz/fuzz_optiview.c $(fuzz_common) $(fuzz_platform)
tests_fuzz_fuzz_optiview_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_optiview_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_sidecar_SOURCES = tests/fuzz/fuzz_sidecar.c $(fuzz_common)
tests_fuzz_fuzz_sidecar_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_sidecar_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_signature_SOURCES = tests/fuzz/fuzz_signature.c $(fuzz_common)
tests_fuzz_fuzz_signature_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_signature_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_sniff_SOURCES = tests/fuzz/fuzz_sniff.c $(fuzz_common)
tests_fuzz_fuzz_sniff_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_sniff_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_template_SOURCES = tests/fuzz/fuzz_template.c $(fuzz_common)
tests_fuzz_fuzz_template_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_template_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_time_SOURCES = tests/fuzz/fuzz_time.c $(fuzz_common)
tests_fuzz_fuzz_time_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_time_LDADD = $(VK_LIBS)

tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c $(fuzz_common)
tests_fuzz_fuzz_url_LDFLAGS = $(fuzz_link_flags)
tests_fuzz_fuzz_url_LDADD = $(VK_LIBS)

# `make fuzz`: each program for FUZZ_SECONDS. What it learns stays in fuzz-corpus/, what
# it finds in fuzz-found/: fix it, and add the input to tests/data/fuzz. In a build
# without --enable-fuzzers: in a build of its own.
FUZZ_SECONDS = 20
FUZZ_SEEDS = $(top_srcdir)/tests/data $(top_srcdir)/etc
.PHONY: fuzz
if FUZZERS
fuzz: $(fuzz_programs)
	@$(MKDIR_P) fuzz-found; bad=0; \
	for program in $(fuzz_programs); do \
		name=`basename $$program`; \
		$(MKDIR_P) fuzz-corpus/$$name; \
		echo "$$name: $(FUZZ_SECONDS) s"; \
		$$program -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			-verbosity=0 -print_final_stats=1 -artifact_prefix=fuzz-found/$$name- \
			fuzz-corpus/$$name $(FUZZ_SEEDS) || bad=1; \
	done; \
	exit $$bad
clean-local:
	rm -rf fuzz-corpus fuzz-found
else
fuzz:
	$(MKDIR_P) sanitize-fuzz && cd sanitize-fuzz && \
	{ test -e Makefile || $(abs_top_srcdir)/configure CC=clang --enable-werror \
		--enable-fuzzers; } && \
	$(MAKE) fuzz FUZZ_SECONDS=$(FUZZ_SECONDS)
endif
