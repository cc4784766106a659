# The real binary against the platform twin; needs python3-pytest.
dist_check_SCRIPTS += tests/integration/run
TESTS += tests/integration/run
twin_files = \
	tests/twin/content.py \
	tests/twin/control.py \
	tests/twin/demo.py \
	tests/twin/fastpix.py \
	tests/twin/hls.py \
	tests/twin/hls_make.py \
	tests/twin/optiview.py \
	tests/twin/playback.py \
	tests/twin/server.py \
	tests/twin/signing.py \
	tests/twin/sins.py \
	tests/twin/slowness.py \
	tests/twin/twin.py \
	tests/twin/wire.py
test_media = \
	tests/data/README.md \
	tests/data/audio.m4a \
	tests/data/captions.vtt \
	tests/data/clip.mp4 \
	tests/data/prometheus/rules_test.yml \
	tests/data/recording.webm \
	tests/data/thumb.jpg \
	tests/data/thumb.png
EXTRA_DIST += $(twin_files) $(test_media) etc/demo.ini scripts/common.sh
integration_files = \
	tests/integration/README.md \
	tests/integration/agentctl.py \
	tests/integration/conftest.py \
	tests/integration/guides.py \
	tests/integration/listener.py \
	tests/integration/hosts.py \
	tests/integration/network_cases.py \
	tests/integration/report.py \
	tests/integration/test_api.py \
	tests/integration/test_audit_commands.py \
	tests/integration/test_audit_config.py \
	tests/integration/test_audit_files.py \
	tests/integration/test_audit_platform.py \
	tests/integration/test_bandwidth.py \
	tests/integration/test_cli_finish.py \
	tests/integration/test_commands.py \
	tests/integration/browser.py \
	tests/integration/test_browser.py \
	tests/integration/test_dashboard.py \
	tests/integration/test_deletion.py \
	tests/integration/test_documents.py \
	tests/integration/test_events.py \
	tests/integration/test_mp4.py \
	tests/integration/test_private.py \
	tests/integration/test_files.py \
	tests/integration/test_first_slice.py \
	tests/integration/test_flood.py \
	tests/integration/test_guides.py \
	tests/integration/test_histories.py \
	tests/integration/test_hls.py \
	tests/integration/test_hls_forms.py \
	tests/integration/test_hosts.py \
	tests/integration/test_import.py \
	tests/integration/test_network.py \
	tests/integration/test_after.py \
	tests/integration/test_notify.py \
	tests/integration/test_order.py \
	tests/integration/test_pieces.py \
	tests/integration/test_prometheus.py \
	tests/integration/test_receiving.py \
	tests/integration/test_refile.py \
	tests/integration/test_reconcile.py \
	tests/integration/test_reload.py \
	tests/integration/test_replay.py \
	tests/integration/test_series.py \
	tests/integration/test_service.py \
	tests/integration/test_stop.py \
	tests/integration/test_transfer.py \
	tests/integration/terminal.py \
	tests/integration/test_twin.py \
	tests/integration/test_ledger.py \
	tests/integration/test_retention.py \
	tests/integration/test_delete_remote.py \
	tests/integration/test_updates.py \
	tests/integration/test_twin_hls.py \
	tests/integration/test_verify.py \
	tests/integration/test_warnings.py \
	tests/integration/test_watch.py \
	tests/integration/tracer.py
EXTRA_DIST += $(integration_files)

# Bandwidths over the ten seconds for which they are promised, within the 5 %.
.PHONY: check-bandwidth
check-bandwidth: vodkeep
	VODKEEP_BANDWIDTH_SECONDS=10 top_srcdir=$(abs_top_srcdir) \
		top_builddir=$(abs_top_builddir) /usr/bin/python3 -m pytest -q -s \
		-p no:cacheprovider $(abs_srcdir)/tests/integration/test_bandwidth.py \
		-k exact

# Many random histories: about ten minutes.
HISTORIES = x300
.PHONY: check-histories
check-histories: vodkeep
	VODKEEP_HISTORIES='$(HISTORIES)' top_srcdir=$(abs_top_srcdir) \
		top_builddir=$(abs_top_builddir) /usr/bin/python3 -m pytest -q \
		-p no:cacheprovider $(abs_srcdir)/tests/integration/test_histories.py
