libvodkeep_a_SOURCES += \
	src/io/address.c src/io/address.h \
	src/io/http_client.c src/io/http_client.h \
	src/io/http_client_ca.c \
	src/io/http_client_call.c \
	src/io/http_client_fetch.c \
	src/io/http_client_hop.c \
	src/io/http_client_policy.c \
	src/io/http_client_priv.h \
	src/io/http_client_proxy.c \
	src/io/http_client_receive.c \
	src/io/http_head.c src/io/http_head.h \
	src/io/http_server.c src/io/http_server.h \
	src/io/http_server_linger.c \
	src/io/http_server_listen.c \
	src/io/http_server_priv.h \
	src/io/http_server_request.c \
	src/io/http_server_stream.c \
	src/io/pace.c src/io/pace.h \
	src/io/process.c src/io/process.h \
	src/io/process_child.c \
	src/io/process_output.c \
	src/io/process_priv.h \
	src/io/systemd.c src/io/systemd.h \
	src/io/worker.c src/io/worker.h
