unit_programs += \
	tests/unit/test_http_client \
	tests/unit/test_http_server

tests_unit_test_http_client_SOURCES = tests/unit/test_http_client.c \
	tests/unit/io_fault_server.c tests/unit/io_fault_server.h \
	tests/unit/io_tls.c tests/unit/io_tls.h
tests_unit_test_http_client_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_client_LDADD = $(UNIT_LDADD)

tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c
tests_unit_test_http_server_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_server_LDADD = $(UNIT_LDADD)
