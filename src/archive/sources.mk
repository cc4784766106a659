libvodkeep_a_SOURCES += src/archive/archive_base.c src/archive/archive.c src/archive/archive.h
libvodkeep_a_SOURCES += src/archive/archive_part.c
libvodkeep_a_SOURCES += src/archive/archive_keep.c src/archive/archive_place.c
libvodkeep_a_SOURCES += src/archive/archive_priv.h
libvodkeep_a_SOURCES += src/archive/archive_remove.c
libvodkeep_a_SOURCES += src/archive/archive_series.c
libvodkeep_a_SOURCES += src/archive/archive_verify.c src/archive/archive_walk.c
libvodkeep_a_SOURCES += src/archive/sidecar.c src/archive/sidecar.h
