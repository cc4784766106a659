libvodkeep_a_SOURCES += src/cli/check.c src/cli/check.h
libvodkeep_a_SOURCES += src/cli/config_load.c src/cli/config_load.h
