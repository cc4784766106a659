# The Debian package. The changelog gets its version from configure.ac when a tarball is
# made; scripts/package builds the package from that tarball.
EXTRA_DIST += \
	debian/README.Debian \
	debian/changelog.in \
	debian/control \
	debian/copyright \
	debian/rules \
	debian/source/format \
	debian/vodkeep.lintian-overrides \
	debian/vodkeep.postinst \
	debian/vodkeep.postrm \
	debian/vodkeep.prerm \
	scripts/package
dist-changelog:
	epoch=$${SOURCE_DATE_EPOCH:-`stat -c %Y $(top_srcdir)/configure.ac`} && \
	sed -e 's/[@]VERSION@/$(PACKAGE_VERSION)/' \
		-e "s/[@]DATE@/`LC_ALL=C date -u -R -d @$$epoch`/" \
		$(top_srcdir)/debian/changelog.in > $(distdir)/debian/changelog
.PHONY: dist-changelog

# Installs, upgrades, removes and purges the package in a Debian of its own.
.PHONY: check-package
check-package:
	DEB_BUILD_OPTIONS=nocheck $(top_srcdir)/scripts/package
	$(top_srcdir)/tests/package/check $(top_srcdir)/build/package
dist_check_SCRIPTS += tests/package/check
