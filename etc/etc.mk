# The sample is an example to read: /etc is the admin's, and nothing is ever put there.
dist_doc_DATA = README.md
exampledir = $(docdir)/examples
dist_example_DATA = etc/vodkeep.ini etc/vodkeep.rules.yml etc/vodkeep-dashboard.json
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

# What shells complete, made from the table of commands.
noinst_PROGRAMS += tools/completion
tools_completion_SOURCES = tools/completion.c
tools_completion_LDADD = $(VK_LIBS)
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
fishcompdir = $(datadir)/fish/vendor_completions.d
nodist_bashcomp_DATA = etc/completion/vodkeep
nodist_zshcomp_DATA = etc/completion/_vodkeep
nodist_fishcomp_DATA = etc/completion/vodkeep.fish
completions = $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA) $(nodist_fishcomp_DATA)
CLEANFILES += $(completions)
$(completions): tools/completion$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) etc/completion && \
	case $@ in *.fish) shell=fish ;; */_*) shell=zsh ;; *) shell=bash ;; esac && \
	tools/completion$(EXEEXT) $$shell > $@.tmp && mv $@.tmp $@
dist_check_SCRIPTS += tests/check-completion
TESTS += tests/check-completion
