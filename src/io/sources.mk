libvodkeep_a_SOURCES += \
	src/io/address.c src/io/address.h \
	src/io/http_server.c src/io/http_server.h \
	src/io/http_server_linger.c \
	src/io/http_server_listen.c \
	src/io/http_server_priv.h \
	src/io/http_server_request.c \
	src/io/systemd.c src/io/systemd.h \
	src/io/worker.c src/io/worker.h
