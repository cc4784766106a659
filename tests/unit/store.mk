unit_programs += \
	tests/unit/test_store \
	tests/unit/test_store_assets \
	tests/unit/test_store_due \
	tests/unit/test_store_faults \
	tests/unit/test_store_outbox \
	tests/unit/test_store_verify \
	tests/unit/test_store_walks

STORE_FIXTURE = tests/unit/store_fixture.c tests/unit/store_fixture.h

tests_unit_test_store_SOURCES = tests/unit/test_store.c $(STORE_FIXTURE)
tests_unit_test_store_LDADD = $(UNIT_LDADD)
tests_unit_test_store_assets_SOURCES = tests/unit/test_store_assets.c $(STORE_FIXTURE)
tests_unit_test_store_assets_LDADD = $(UNIT_LDADD)
tests_unit_test_store_due_SOURCES = tests/unit/test_store_due.c $(STORE_FIXTURE)
tests_unit_test_store_due_LDADD = $(UNIT_LDADD)
tests_unit_test_store_faults_SOURCES = tests/unit/test_store_faults.c $(STORE_FIXTURE)
tests_unit_test_store_faults_LDADD = $(UNIT_LDADD)
tests_unit_test_store_outbox_SOURCES = tests/unit/test_store_outbox.c $(STORE_FIXTURE)
tests_unit_test_store_outbox_LDADD = $(UNIT_LDADD)
tests_unit_test_store_walks_SOURCES = tests/unit/test_store_walks.c $(STORE_FIXTURE)
tests_unit_test_store_walks_LDADD = $(UNIT_LDADD)
tests_unit_test_store_verify_SOURCES = tests/unit/test_store_verify.c $(STORE_FIXTURE)
tests_unit_test_store_verify_LDADD = $(UNIT_LDADD)
