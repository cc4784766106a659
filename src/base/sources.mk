libvodkeep_a_SOURCES += \
	src/base/buf.c src/base/buf.h \
	src/base/certificate.c src/base/certificate.h \
	src/base/clock.c src/base/clock.h \
	src/base/digest.c src/base/digest.h \
	src/base/err.c src/base/err.h \
	src/base/fs.c src/base/fs.h \
	src/base/http.c src/base/http.h \
	src/base/json.c src/base/json.h \
	src/base/log.c src/base/log.h \
	src/base/mem.c src/base/mem.h \
	src/base/metrics.c src/base/metrics.h \
	src/base/rsa_key.c src/base/rsa_key.h \
	src/base/utf8.c src/base/utf8.h
