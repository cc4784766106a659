libvodkeep_a_SOURCES += \
	src/admin/admin.c src/admin/admin.h \
	src/admin/admin_assets.c \
	src/admin/admin_chores.c \
	src/admin/admin_content.c \
	src/admin/admin_control.c \
	src/admin/admin_events.c src/admin/admin_events.h \
	src/admin/admin_ledger.c \
	src/admin/admin_reconcile.c \
	src/admin/admin_rejected.c \
	src/admin/admin_session.c \
	src/admin/admin_state.c \
	src/admin/admin_status.c \
	src/admin/admin_verify.c \
	src/admin/asset_json.c src/admin/asset_json.h \
	src/admin/auth.c src/admin/auth.h \
	src/admin/byte_range.c src/admin/byte_range.h \
	src/admin/call.c src/admin/call.h \
	src/admin/guard.c src/admin/guard.h \
	src/admin/ledger_json.c src/admin/ledger_json.h \
	src/admin/outbox_json.c src/admin/outbox_json.h \
	src/admin/progress.c src/admin/progress.h \
	src/admin/route.c src/admin/route.h \
	src/admin/session.c src/admin/session.h \
	src/admin/throttle.c src/admin/throttle.h \
	src/admin/verify_json.c src/admin/verify_json.h \
	src/admin/web.c
nodist_libvodkeep_a_SOURCES = src/admin/web_files.h

# The dashboard goes into the program as bytes: nothing is read at run time.
AM_CPPFLAGS += -I$(top_builddir)/src
WEB_FILES = \
	src/admin/web/api.js \
	src/admin/web/app.js \
	src/admin/web/archive.js \
	src/admin/web/asset.js \
	src/admin/web/dom.js \
	src/admin/web/format.js \
	src/admin/web/icon.svg \
	src/admin/web/index.html \
	src/admin/web/live.js \
	src/admin/web/login.html \
	src/admin/web/login.js \
	src/admin/web/overview.js \
	src/admin/web/style.css
EXTRA_DIST += $(WEB_FILES) src/admin/web/embed
BUILT_SOURCES += src/admin/web_files.h
CLEANFILES += src/admin/web_files.h
src/admin/web.$(OBJEXT): src/admin/web_files.h
src/admin/web_files.h: $(WEB_FILES) src/admin/web/embed
	$(AM_V_GEN)$(MKDIR_P) src/admin && (cd $(srcdir) && \
		sh src/admin/web/embed $(WEB_FILES)) > $@.tmp && mv $@.tmp $@
