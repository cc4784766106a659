libvodkeep_a_SOURCES += \
	src/admin/admin.c src/admin/admin.h \
	src/admin/admin_assets.c \
	src/admin/admin_control.c \
	src/admin/admin_reconcile.c \
	src/admin/admin_rejected.c \
	src/admin/admin_state.c \
	src/admin/admin_status.c \
	src/admin/admin_verify.c \
	src/admin/asset_json.c src/admin/asset_json.h \
	src/admin/call.c src/admin/call.h \
	src/admin/guard.c src/admin/guard.h \
	src/admin/outbox_json.c src/admin/outbox_json.h \
	src/admin/page.c \
	src/admin/progress.c src/admin/progress.h \
	src/admin/route.c src/admin/route.h \
	src/admin/verify_json.c src/admin/verify_json.h
nodist_libvodkeep_a_SOURCES = src/admin/page_assets.h

# The page goes into the program as bytes: nothing is read at run time.
AM_CPPFLAGS += -I$(top_builddir)/src
PAGE_FILES = src/admin/page.html src/admin/page.css src/admin/page.js
EXTRA_DIST += $(PAGE_FILES)
BUILT_SOURCES += src/admin/page_assets.h
CLEANFILES += src/admin/page_assets.h
src/admin/page.$(OBJEXT): src/admin/page_assets.h
src/admin/page_assets.h: $(PAGE_FILES)
	$(AM_V_GEN)$(MKDIR_P) src/admin && for kind in html css js; do \
		echo "static const unsigned char page_$$kind[] = {" && \
		od -An -v -tu1 $(srcdir)/src/admin/page.$$kind | \
			sed 's/^ *//; s/  */,/g; s/$$/,/' && \
		echo "};" || exit 1; \
	done > $@.tmp && mv $@.tmp $@
