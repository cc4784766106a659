libvodkeep_a_SOURCES +=
libvodkeep_a_SOURCES += src/flow/settings.c src/flow/settings.h
libvodkeep_a_SOURCES += src/flow/warnings.c src/flow/warnings.h
libvodkeep_a_SOURCES += src/flow/api.c src/flow/api.h
libvodkeep_a_SOURCES += src/flow/guard.c src/flow/guard.h
libvodkeep_a_SOURCES += src/flow/slots.c src/flow/slots.h
libvodkeep_a_SOURCES += src/flow/look.c src/flow/look.h src/flow/look_steps.h
libvodkeep_a_SOURCES += src/flow/look_fetch.c src/flow/look_files.c src/flow/look_remove.c
