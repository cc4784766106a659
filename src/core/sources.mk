libvodkeep_a_SOURCES += src/core/asset.c src/core/asset.h
