unit_programs += \
	tests/unit/test_event \
	tests/unit/test_fastpix \
	tests/unit/test_fastpix_api \
	tests/unit/test_optiview \
	tests/unit/test_optiview_api \
	tests/unit/test_playback_token \
	tests/unit/test_record \
	tests/unit/test_redact \
	tests/unit/test_signature

tests_unit_test_event_SOURCES = tests/unit/test_event.c
tests_unit_test_event_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_event_LDADD = $(UNIT_LDADD)

tests_unit_test_playback_token_SOURCES = tests/unit/test_playback_token.c tests/unit/rsa_vector.h
tests_unit_test_playback_token_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_playback_token_LDADD = $(UNIT_LDADD)

tests_unit_test_record_SOURCES = tests/unit/test_record.c
tests_unit_test_record_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_record_LDADD = $(UNIT_LDADD)

tests_unit_test_redact_SOURCES = tests/unit/test_redact.c
tests_unit_test_redact_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_redact_LDADD = $(UNIT_LDADD)

tests_unit_test_signature_SOURCES = tests/unit/test_signature.c
tests_unit_test_signature_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_signature_LDADD = $(UNIT_LDADD)

platform_fixture = tests/unit/platform_fixture.c tests/unit/platform_fixture.h

tests_unit_test_fastpix_SOURCES = tests/unit/test_fastpix.c $(platform_fixture)
tests_unit_test_fastpix_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fastpix_LDADD = $(UNIT_LDADD)

tests_unit_test_fastpix_api_SOURCES = tests/unit/test_fastpix_api.c $(platform_fixture)
tests_unit_test_fastpix_api_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fastpix_api_LDADD = $(UNIT_LDADD)

tests_unit_test_optiview_SOURCES = tests/unit/test_optiview.c $(platform_fixture)
tests_unit_test_optiview_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_optiview_LDADD = $(UNIT_LDADD)

tests_unit_test_optiview_api_SOURCES = tests/unit/test_optiview_api.c $(platform_fixture)
tests_unit_test_optiview_api_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_optiview_api_LDADD = $(UNIT_LDADD)

EXTRA_DIST += \
	tests/data/fastpix/api_list.json \
	tests/data/fastpix/api_media.json \
	tests/data/fastpix/api_media_old.json \
	tests/data/fastpix/api_not_found.json \
	tests/data/fastpix/event_created.json \
	tests/data/fastpix/event_deleted.json \
	tests/data/fastpix/event_deleted_live.json \
	tests/data/fastpix/event_failed.json \
	tests/data/fastpix/event_live_stream_created.json \
	tests/data/fastpix/event_media_created.json \
	tests/data/fastpix/event_ready.json \
	tests/data/fastpix/event_ready_live.json \
	tests/data/fastpix/event_source_deleted.json \
	tests/data/fastpix/event_track_ready.json \
	tests/data/fastpix/event_updated_legacy.json \
	tests/data/fastpix/event_upload.json \
	tests/data/optiview/api_asset.json \
	tests/data/optiview/api_asset_hls.json \
	tests/data/optiview/api_fail.json \
	tests/data/optiview/api_list.json \
	tests/data/optiview/api_record_file.json \
	tests/data/optiview/event_channel.json \
	tests/data/optiview/event_completed.json \
	tests/data/optiview/event_deleted.json \
	tests/data/optiview/event_errored.json \
	tests/data/optiview/event_feed.json \
	tests/data/optiview/event_processing.json \
	tests/data/optiview/event_recordings.json
