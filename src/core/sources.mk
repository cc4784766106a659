libvodkeep_a_SOURCES += src/core/asset.c src/core/asset.h
libvodkeep_a_SOURCES += src/core/retry.c src/core/retry.h
libvodkeep_a_SOURCES += src/core/removal.c src/core/removal.h
libvodkeep_a_SOURCES += src/core/plan.c src/core/plan.h
