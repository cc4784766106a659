# `make bench`: figures beside floors and peers of the same run. Not part of `make check`.
EXTRA_PROGRAMS = tests/bench/floor
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_LDADD = $(SQLITE_LIBS)
EXTRA_DIST += tests/bench/slowsync.c tests/bench/receive.lua tests/bench/receive.py
CLEANFILES += tests/bench/floor tests/bench/slowsync.so

tests/bench/slowsync.so: tests/bench/slowsync.c
	$(MKDIR_P) tests/bench
	$(CC) -shared -fPIC -O2 -o $@ $(top_srcdir)/tests/bench/slowsync.c

.PHONY: bench
bench: vodkeep tests/bench/floor tests/bench/slowsync.so
	/usr/bin/python3 $(top_srcdir)/tests/bench/receive.py
# Built on request: make tests/bench/bench_store
EXTRA_PROGRAMS += tests/bench/bench_store
tests_bench_bench_store_SOURCES = tests/bench/bench_store.c
tests_bench_bench_store_LDADD = $(VK_LIBS)
CLEANFILES += tests/bench/bench_store
