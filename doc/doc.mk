# vodkeep.ini(5) is written by hand but for its OPTIONS section.
noinst_PROGRAMS += tools/optiondoc
tools_optiondoc_SOURCES = tools/optiondoc.c
tools_optiondoc_LDADD = $(VK_LIBS)

man5_MANS = doc/vodkeep.ini.5
EXTRA_DIST += doc/vodkeep.ini.5.in
CLEANFILES += doc/vodkeep.ini.5 doc/vodkeep.ini.5.tmp doc/options.man

doc/vodkeep.ini.5: $(top_srcdir)/doc/vodkeep.ini.5.in tools/optiondoc$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc && \
	tools/optiondoc$(EXEEXT) man > doc/options.man && \
	sed -e '/^@OPTIONS@$$/r doc/options.man' -e '/^@OPTIONS@$$/d' \
		-e 's/[@]VERSION@/$(PACKAGE_VERSION)/' \
		$(top_srcdir)/doc/vodkeep.ini.5.in > $@.tmp && \
	mv $@.tmp $@

# The sample is committed; a unit test holds it equal to what this prints.
.PHONY: sample
sample: tools/optiondoc$(EXEEXT)
	tools/optiondoc$(EXEEXT) sample > $(top_srcdir)/etc/vodkeep.ini

dist_man1_MANS = doc/vodkeep.1
dist_man7_MANS = doc/vodkeep-api.7

# The README's links lead to them where it is installed too.
guidedir = $(docdir)/doc
dist_guide_DATA = doc/FASTPIX.md doc/OPTIVIEW.md doc/PROXY.md doc/NO-ADDRESS.md \
	doc/RECOVERY.md doc/SECURITY.md doc/SIZING.md

# Whatever else is written about vodkeep, also what `make bench` writes.
dist-hook: dist-changelog
	cp -p $(top_srcdir)/doc/*.md $(distdir)/doc
