unit_programs += tests/unit/test_config
tests_unit_test_config_SOURCES = tests/unit/test_config.c
tests_unit_test_config_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_config_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_config_file
tests_unit_test_config_file_SOURCES = tests/unit/test_config_file.c
tests_unit_test_config_file_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_config_file_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_facts
tests_unit_test_facts_SOURCES = tests/unit/test_facts.c
tests_unit_test_facts_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_facts_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_rule
tests_unit_test_rule_SOURCES = tests/unit/test_rule.c
tests_unit_test_rule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rule_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_template
tests_unit_test_template_SOURCES = tests/unit/test_template.c
tests_unit_test_template_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_template_LDADD = $(UNIT_LDADD)

EXTRA_DIST += tests/unit/config_world.h
