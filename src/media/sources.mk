libvodkeep_a_SOURCES += \
	src/media/mp4.c src/media/mp4.h \
	src/media/sniff.c src/media/sniff.h
