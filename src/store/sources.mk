libvodkeep_a_SOURCES += \
	src/store/backend.h src/store/outbox.h src/store/request.h src/store/sqlite.h src/store/store.h \
	src/store/sqlite.c \
	src/store/sqlite_asset.c \
	src/store/sqlite_backup.c \
	src/store/sqlite_damage.c \
	src/store/sqlite_delivery_list.c \
	src/store/sqlite_due.c \
	src/store/sqlite_find.c \
	src/store/sqlite_browse.c \
	src/store/sqlite_list.c \
	src/store/sqlite_news.c \
	src/store/sqlite_outbox.c \
	src/store/sqlite_path.c \
	src/store/sqlite_prune.c \
	src/store/sqlite_clock.c \
	src/store/sqlite_query.c \
	src/store/sqlite_save.c \
	src/store/sqlite_schema.c \
	src/store/sqlite_stats.c \
	src/store/sqlite_story.c \
	src/store/sqlite_listed.c \
	src/store/sqlite_walk.c \
	src/store/sqlite_workspace.c \
	src/store/store.c \
	src/store/store_command.c \
	src/store/store_list.c \
	src/store/store_outbox.c \
	src/store/store_read.c \
	src/store/store_values.c \
	src/store/store_verify.c \
	src/store/store_write.c
