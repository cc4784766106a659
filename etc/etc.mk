# The sample is an example to read: /etc is the admin's, and nothing is ever put there.
dist_doc_DATA = README.md etc/vodkeep.ini
EXTRA_DIST += etc/vodkeep.service.in

# The sandboxed service, the receiver's socket, the user, the directories.
systemdsystemunit_DATA = etc/vodkeep.service
dist_systemdsystemunit_DATA = etc/vodkeep.socket
dist_sysusers_DATA = etc/vodkeep.sysusers.conf
dist_tmpfiles_DATA = etc/vodkeep.tmpfiles.conf
CLEANFILES += etc/vodkeep.service
etc/vodkeep.service: $(top_srcdir)/etc/vodkeep.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && \
	sed 's|[@]bindir@|$(bindir)|g' $(top_srcdir)/etc/vodkeep.service.in > $@.tmp && \
	mv $@.tmp $@
