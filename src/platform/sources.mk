libvodkeep_a_SOURCES += src/platform/answer.c src/platform/answer.h
libvodkeep_a_SOURCES += src/platform/fastpix.c src/platform/fastpix.h
libvodkeep_a_SOURCES += src/platform/fastpix_api.c
libvodkeep_a_SOURCES += src/platform/fastpix_event.c
libvodkeep_a_SOURCES += src/platform/fastpix_media.c
libvodkeep_a_SOURCES += src/platform/fastpix_sources.c
libvodkeep_a_SOURCES += src/platform/redact.c src/platform/redact.h
libvodkeep_a_SOURCES += src/platform/signature.c src/platform/signature.h
