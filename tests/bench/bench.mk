# `make bench`: figures beside floors and peers of the same run. Not part of `make check`.
EXTRA_PROGRAMS = tests/bench/floor tests/bench/fetch_floor tests/bench/meter \
	tests/bench/send tests/bench/delay_link
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_LDADD = $(SQLITE_LIBS)
tests_bench_fetch_floor_SOURCES = tests/bench/fetch_floor.c
tests_bench_fetch_floor_LDADD = $(CURL_LIBS) $(UV_LIBS) $(CRYPTO_LIBS)
tests_bench_meter_SOURCES = tests/bench/meter.c
tests_bench_send_SOURCES = tests/bench/send.c
tests_bench_delay_link_SOURCES = tests/bench/delay_link.c
bench_tools = tests/bench/fetch_floor tests/bench/meter tests/bench/send \
	tests/bench/delay_link
EXTRA_DIST += tests/bench/slowsync.c tests/bench/receive.lua tests/bench/receive.py \
	tests/bench/scale.py \
	tests/bench/transfer.py \
	tests/bench/transferbench/__init__.py \
	tests/bench/transferbench/agent.py \
	tests/bench/transferbench/cases.py \
	tests/bench/transferbench/contestants.py \
	tests/bench/transferbench/link.py \
	tests/bench/transferbench/measure.py \
	tests/bench/transferbench/media.py \
	tests/bench/transferbench/report.py \
	tests/bench/transferbench/server.py
CLEANFILES += tests/bench/floor tests/bench/slowsync.so $(bench_tools)

tests/bench/slowsync.so: tests/bench/slowsync.c
	$(MKDIR_P) tests/bench
	$(CC) -shared -fPIC -O2 -o $@ $(top_srcdir)/tests/bench/slowsync.c

# What a run is told besides, for example BENCH_FLAGS='--quick --cases clips,mid'.
BENCH_FLAGS =

.PHONY: bench bench-receive bench-transfer bench-scale
bench:
	$(MAKE) bench-receive BENCH_FLAGS=
	$(MAKE) bench-transfer
	$(MAKE) bench-scale BENCH_FLAGS=
bench-receive: vodkeep tests/bench/floor tests/bench/slowsync.so
	/usr/bin/python3 $(top_srcdir)/tests/bench/receive.py $(BENCH_FLAGS)
bench-transfer: vodkeep $(bench_tools)
	/usr/bin/python3 $(top_srcdir)/tests/bench/transfer.py $(BENCH_FLAGS)
bench-scale: vodkeep
	/usr/bin/python3 $(top_srcdir)/tests/bench/scale.py $(BENCH_FLAGS)
# Built on request: make tests/bench/bench_store
EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(VK_LIBS)
CLEANFILES += tests/bench/bench_store

# The same for the HTTP client: make tests/bench/bench_http
EXTRA_PROGRAMS += tests/bench/bench_http
tests_bench_bench_http_SOURCES = tests/bench/bench_http.c
tests_bench_bench_http_LDADD = $(VK_LIBS)
CLEANFILES += tests/bench/bench_http
