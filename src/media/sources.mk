libvodkeep_a_SOURCES += \
	src/media/be.h \
	src/media/language.c src/media/language.h \
	src/media/m3u8.c src/media/m3u8.h src/media/m3u8_priv.h \
	src/media/m3u8_check.c \
	src/media/m3u8_master.c \
	src/media/m3u8_media.c \
	src/media/m3u8_pick.c src/media/m3u8_pick.h \
	src/media/m3u8_text.c \
	src/media/m3u8_value.c \
	src/media/m3u8_write.c src/media/m3u8_write.h \
	src/media/mp4.c src/media/mp4.h \
	src/media/pts.c src/media/pts.h \
	src/media/sniff.c src/media/sniff.h \
	src/media/vtt.c src/media/vtt.h
