unit_programs += \
	tests/unit/test_address \
	tests/unit/test_http_client \
	tests/unit/test_http_head \
	tests/unit/test_http_server \
	tests/unit/test_pace \
	tests/unit/test_process \
	tests/unit/test_systemd \
	tests/unit/test_worker

tests_unit_test_address_SOURCES = tests/unit/test_address.c
tests_unit_test_address_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_address_LDADD = $(UNIT_LDADD)

tests_unit_test_http_client_SOURCES = tests/unit/test_http_client.c \
	tests/unit/io_fault_server.c tests/unit/io_fault_server.h \
	tests/unit/io_tls.c tests/unit/io_tls.h
tests_unit_test_http_client_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_client_LDADD = $(UNIT_LDADD)

tests_unit_test_http_head_SOURCES = tests/unit/test_http_head.c
tests_unit_test_http_head_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_head_LDADD = $(UNIT_LDADD)

tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c
tests_unit_test_http_server_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_server_LDADD = $(UNIT_LDADD)

tests_unit_test_pace_SOURCES = tests/unit/test_pace.c
tests_unit_test_pace_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_pace_LDADD = $(UNIT_LDADD)

tests_unit_test_process_SOURCES = tests/unit/test_process.c
tests_unit_test_process_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_process_LDADD = $(UNIT_LDADD)

tests_unit_test_systemd_SOURCES = tests/unit/test_systemd.c
tests_unit_test_systemd_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_systemd_LDADD = $(UNIT_LDADD)

tests_unit_test_worker_SOURCES = tests/unit/test_worker.c
tests_unit_test_worker_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_worker_LDADD = $(UNIT_LDADD)
