unit_programs += \
	tests/unit/test_buf \
	tests/unit/test_clock \
	tests/unit/test_digest \
	tests/unit/test_err \
	tests/unit/test_fs \
	tests/unit/test_http \
	tests/unit/test_json \
	tests/unit/test_log \
	tests/unit/test_m3u8 \
	tests/unit/test_m3u8_pick \
	tests/unit/test_m3u8_write \
	tests/unit/test_mem \
	tests/unit/test_metrics \
	tests/unit/test_mp4 \
	tests/unit/test_rsa_key \
	tests/unit/test_sniff \
	tests/unit/test_url \
	tests/unit/test_utf8
EXTRA_DIST += tests/unit/unit.h

tests_unit_test_buf_SOURCES = tests/unit/test_buf.c
tests_unit_test_buf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_buf_LDADD = $(UNIT_LDADD)

tests_unit_test_clock_SOURCES = tests/unit/test_clock.c
tests_unit_test_clock_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_clock_LDADD = $(UNIT_LDADD)

tests_unit_test_digest_SOURCES = tests/unit/test_digest.c
tests_unit_test_digest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_digest_LDADD = $(UNIT_LDADD)

tests_unit_test_err_SOURCES = tests/unit/test_err.c
tests_unit_test_err_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_err_LDADD = $(UNIT_LDADD)

tests_unit_test_fs_SOURCES = tests/unit/test_fs.c
tests_unit_test_fs_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_fs_LDADD = $(UNIT_LDADD)

tests_unit_test_http_SOURCES = tests/unit/test_http.c
tests_unit_test_http_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_http_LDADD = $(UNIT_LDADD)

tests_unit_test_json_SOURCES = tests/unit/test_json.c
tests_unit_test_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_json_LDADD = $(UNIT_LDADD)

tests_unit_test_log_SOURCES = tests/unit/test_log.c
tests_unit_test_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_log_LDADD = $(UNIT_LDADD)

tests_unit_test_m3u8_SOURCES = tests/unit/test_m3u8.c
tests_unit_test_m3u8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_m3u8_LDADD = $(UNIT_LDADD)

tests_unit_test_m3u8_pick_SOURCES = tests/unit/test_m3u8_pick.c
tests_unit_test_m3u8_pick_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_m3u8_pick_LDADD = $(UNIT_LDADD)

tests_unit_test_m3u8_write_SOURCES = tests/unit/test_m3u8_write.c
tests_unit_test_m3u8_write_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_m3u8_write_LDADD = $(UNIT_LDADD)

tests_unit_test_mem_SOURCES = tests/unit/test_mem.c
tests_unit_test_mem_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_mem_LDADD = $(UNIT_LDADD)

tests_unit_test_metrics_SOURCES = tests/unit/test_metrics.c
tests_unit_test_metrics_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_metrics_LDADD = $(UNIT_LDADD)

tests_unit_test_mp4_SOURCES = tests/unit/test_mp4.c
tests_unit_test_mp4_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_mp4_LDADD = $(UNIT_LDADD)

tests_unit_test_rsa_key_SOURCES = tests/unit/test_rsa_key.c tests/unit/rsa_vector.h
tests_unit_test_rsa_key_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_rsa_key_LDADD = $(UNIT_LDADD)

tests_unit_test_sniff_SOURCES = tests/unit/test_sniff.c
tests_unit_test_sniff_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_sniff_LDADD = $(UNIT_LDADD)

tests_unit_test_url_SOURCES = tests/unit/test_url.c
tests_unit_test_url_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_url_LDADD = $(UNIT_LDADD)

tests_unit_test_utf8_SOURCES = tests/unit/test_utf8.c
tests_unit_test_utf8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_utf8_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_cipher
tests_unit_test_cipher_SOURCES = tests/unit/test_cipher.c
tests_unit_test_cipher_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_cipher_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_vtt
tests_unit_test_vtt_SOURCES = tests/unit/test_vtt.c
tests_unit_test_vtt_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_vtt_LDADD = $(UNIT_LDADD)

unit_programs += tests/unit/test_language
tests_unit_test_language_SOURCES = tests/unit/test_language.c
tests_unit_test_language_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_test_language_LDADD = $(UNIT_LDADD)
