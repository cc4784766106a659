unit_programs += tests/unit/test_transfer
tests_unit_test_transfer_SOURCES = tests/unit/test_transfer.c tests/unit/unit.h \
	tests/unit/fault_server.c tests/unit/fault_server.h
tests_unit_test_transfer_LDADD = $(UNIT_LDADD)
