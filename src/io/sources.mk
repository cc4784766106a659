libvodkeep_a_SOURCES += \
	src/io/address.c src/io/address.h \
	src/io/systemd.c src/io/systemd.h \
	src/io/worker.c src/io/worker.h
