libvodkeep_a_SOURCES += src/platform/answer.c src/platform/answer.h
libvodkeep_a_SOURCES += src/platform/redact.c src/platform/redact.h
libvodkeep_a_SOURCES += src/platform/signature.c src/platform/signature.h
