/*
 * Signatures: the platforms' schemes against vectors that openssl made (fastpix.md §1,
 * optiview.md §1.3), and everything that must be refused.
 */
#include <config.h>

#include "platform/signature.h"

#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#define FASTPIX_SECRET  "ZmFzdHBpeC10ZXN0LWtleS0wMTIzNDU2Nzg5YWJjZGU="
#define OPTIVIEW_SECRET "bWlsbGljYXN0LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk="

#define FASTPIX_BODY                                                                     \
	"{\"type\":\"video.media.deleted\",\"object\":{\"type\":\"media\","              \
	"\"id\":\"d49e44c7-df42-4ffa-9764-8dea1543b63e\"},"                              \
	"\"id\":\"e0000000-0000-4000-8000-000000000001\","                               \
	"\"workspace\":{\"id\":\"6dc2b4e0-0615-42fd-a580-1f4aad932dfe\",\"name\":null}," \
	"\"status\":\"media_created\",\"data\":{\"success\":true},"                      \
	"\"createdAt\":\"2026-08-10T12:38:29.375000001Z\",\"attempts\":[]}"
#define FASTPIX_GOOD "J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA="

#define OPTIVIEW_A                                                                 \
	"{\"type\":\"media\",\"event\":\"completed\",\"timestamp\":1725260343575," \
	"\"data\":{\"mediaAssetId\":\"e0ca421e3ee748629d073b6991d4d93d\","         \
	"\"tokenId\":1187282,\"streamName\":\"test-record-clip\","                 \
	"\"streamId\":\"dkxfvY/test-record-clip\",\"startTime\":1725259874671,"    \
	"\"metadata\":{},\"type\":\"clip\",\"expiration\":1733900336143}}"
#define OPTIVIEW_A_GOOD "sha1=6c115a03852872e771b715b7533612513cf888c2"
#define OPTIVIEW_B                                                               \
	"{\"type\":\"media\",\"event\":\"deleted\",\"timestamp\":1733900336200," \
	"\"data\":{\"mediaAssetId\":\"e0ca421e3ee748629d073b6991d4d93d\","       \
	"\"type\":\"clip\"}}"
#define OPTIVIEW_B_GOOD     "sha1=fd0d03224fe57772cbfdb48019438348b74c0a32"
#define OPTIVIEW_JPEG       "\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff\xd9"
#define OPTIVIEW_JPEG_GOOD  "sha1=08d6b5398502ec5db1db0aef795a73dd904cf3de"
#define OPTIVIEW_EMPTY_GOOD "sha1=76833d30b489f1d2f0f0d4c1af2a201498ed8c18"

static struct hook_secret decode(const char *text)
{
	struct hook_secret secret = { NULL, 0 };
	struct err err = { 0 };
	if (hook_secret_decode(text, &secret, NULL, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return secret;
}

static bool verify(const struct platform *platform, const char *secret_text,
	const char *header, const char *body, size_t len)
{
	struct hook_secret secret = decode(secret_text);
	bool good = platform->verify(&secret, 1, header, body, len);
	hook_secret_release(&secret);
	return good;
}

static void makes_the_vectors(void **state)
{
	static const struct {
		const struct platform *platform;
		const char *secret, *body, *header;
		size_t len;
	} rows[] = {
		{ &platform_fastpix, FASTPIX_SECRET, "{}",
			"CUxrmphqEciso2+tDnCEcGPgKGwdHRgD1kp6+XdBzeA=", 2 },
		{ &platform_fastpix, FASTPIX_SECRET, FASTPIX_BODY, FASTPIX_GOOD,
			sizeof(FASTPIX_BODY) - 1 },
		{ &platform_optiview, OPTIVIEW_SECRET, OPTIVIEW_A, OPTIVIEW_A_GOOD,
			sizeof(OPTIVIEW_A) - 1 },
		{ &platform_optiview, OPTIVIEW_SECRET, OPTIVIEW_B, OPTIVIEW_B_GOOD,
			sizeof(OPTIVIEW_B) - 1 },
		{ &platform_optiview, OPTIVIEW_SECRET, OPTIVIEW_JPEG,
			OPTIVIEW_JPEG_GOOD, sizeof(OPTIVIEW_JPEG) - 1 },
		{ &platform_optiview, OPTIVIEW_SECRET, "", OPTIVIEW_EMPTY_GOOD, 0 },
	};
	(void)state;
	assert_int_equal(sizeof(FASTPIX_BODY) - 1, 322);
	assert_int_equal(sizeof(OPTIVIEW_A) - 1, 289);
	assert_int_equal(sizeof(OPTIVIEW_B) - 1, 133);
	assert_int_equal(sizeof(OPTIVIEW_JPEG) - 1, 13);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hook_secret secret = decode(rows[i].secret);
		char *made = rows[i].platform->sign(&secret, rows[i].body, rows[i].len);
		assert_string_equal(made, rows[i].header);
		assert_true(rows[i].platform->verify(
			&secret, 1, rows[i].header, rows[i].body, rows[i].len));
		free(made);
		hook_secret_release(&secret);
	}
}

static void refuses_the_secret_as_text(void **state)
{
	(void)state;
	assert_false(verify(&platform_fastpix, FASTPIX_SECRET,
		"LkwqmaHCCFP0is8zXrhJnX8tx0gcf4HuZxrrzP+nh34=", FASTPIX_BODY,
		sizeof(FASTPIX_BODY) - 1));
	assert_false(verify(&platform_optiview, OPTIVIEW_SECRET,
		"sha1=d81bc5639583373cf2dd31d3e4a93fa12fcc32db", OPTIVIEW_A,
		sizeof(OPTIVIEW_A) - 1));
}

static void headers_are_trimmed_and_hex_has_no_case(void **state)
{
	(void)state;
	assert_true(verify(&platform_fastpix, FASTPIX_SECRET,
		" \t" FASTPIX_GOOD "\r\n ", FASTPIX_BODY, sizeof(FASTPIX_BODY) - 1));
	assert_true(verify(&platform_optiview, OPTIVIEW_SECRET,
		" sha1=6C115A03852872E771b715b7533612513CF888C2 ", OPTIVIEW_A,
		sizeof(OPTIVIEW_A) - 1));
}

static void refuses_other_headers(void **state)
{
	static const char *const fastpix[] = { NULL, "", " ", "=", "sha1=",
		"j5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA=", /* case counts */
		"J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA",  /* padding, too */
		"J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWB=", /* decodes alike */
		FASTPIX_GOOD ",", FASTPIX_GOOD "," FASTPIX_GOOD,
		"2795bf925e64d00c31409dd53bbb64bca53d10b6a0d17965cc945026dec93960",
		"CUxrmphqEciso2+tDnCEcGPgKGwdHRgD1kp6+XdBzeA=" };
	static const char *const optiview[] = { NULL, "", "sha1=", "sha1",
		"6c115a03852872e771b715b7533612513cf888c2", /* no prefix */
		"SHA1=6c115a03852872e771b715b7533612513cf888c2",
		"sha256=6c115a03852872e771b715b7533612513cf888c2",
		"sha1= 6c115a03852872e771b715b7533612513cf888c2",
		"sha1=6c115a03852872e771b715b7533612513cf888c",
		"sha1=6c115a03852872e771b715b7533612513cf888c20",
		"sha1=6c115a03852872e771b715b7533612513cf888cg", OPTIVIEW_B_GOOD };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fastpix); i++)
		assert_false(verify(&platform_fastpix, FASTPIX_SECRET, fastpix[i],
			FASTPIX_BODY, sizeof(FASTPIX_BODY) - 1));
	for (size_t i = 0; i < ARRAY_LEN(optiview); i++)
		assert_false(verify(&platform_optiview, OPTIVIEW_SECRET, optiview[i],
			OPTIVIEW_A, sizeof(OPTIVIEW_A) - 1));
}

static void refuses_a_huge_header(void **state)
{
	char *huge = mem_alloc(100001);
	(void)state;
	memset(huge, 'A', 100000);
	assert_false(verify(&platform_fastpix, FASTPIX_SECRET, huge, "{}", 2));
	memset(huge, ' ', 100000);
	assert_false(verify(&platform_fastpix, FASTPIX_SECRET, huge, "{}", 2));
	free(huge);
}

static void refuses_every_changed_byte(void **state)
{
	char body[] = OPTIVIEW_B;
	(void)state;
	for (size_t i = 0; i < sizeof(body) - 1; i++) {
		body[i] ^= 1;
		assert_false(verify(&platform_optiview, OPTIVIEW_SECRET,
			OPTIVIEW_B_GOOD, body, sizeof(body) - 1));
		body[i] ^= 1;
	}
	assert_false(verify(&platform_optiview, OPTIVIEW_SECRET, OPTIVIEW_B_GOOD, body,
		sizeof(body) - 2));
}

static void any_of_several_secrets_will_do(void **state)
{
	struct hook_secret secrets[3] = { decode("AAAA"), decode(OPTIVIEW_SECRET),
		decode("BBBB") };
	size_t len = sizeof(OPTIVIEW_B) - 1;
	(void)state;
	for (size_t from = 0; from < 3; from++)
		for (size_t n = 0; n <= 3 - from; n++)
			assert_int_equal(platform_optiview.verify(secrets + from, n,
						 OPTIVIEW_B_GOOD, OPTIVIEW_B, len),
				from <= 1 && from + n > 1);
	for (size_t i = 0; i < 3; i++)
		hook_secret_release(&secrets[i]);
}

/* Secrets are pasted by hand, and Dolby's own sample decodes with Node's lenient
 * decoder (optiview.md §8.1); FastPix secrets turn up with stray bits at the end
 * (fastpix.md §1). */
static void secrets_are_decoded_leniently(void **state)
{
	static const struct {
		const char *text;
		bool canonical;
	} rows[] = {
		{ "3q2+7w==", true },
		{ "3q2-7w==", false },
		{ "3q2-7w", false },
		{ " 3q2+\n7w== ", false },
		{ "3q2+7x==", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hook_secret secret = { NULL, 0 };
		bool canonical = !rows[i].canonical;
		assert_int_equal(
			hook_secret_decode(rows[i].text, &secret, &canonical, NULL), 0);
		assert_int_equal(secret.len, 4);
		assert_memory_equal(secret.key, "\xde\xad\xbe\xef", 4);
		assert_int_equal(canonical, rows[i].canonical);
		hook_secret_release(&secret);
		assert_null(secret.key);
	}
}

static void refuses_what_is_no_secret(void **state)
{
	static const char *const rows[] = { "", "   ", "====", "dolby_sec!",
		"pass word?", "\xc3\xa4\xc3\xb6" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hook_secret secret = { NULL, 7 };
		struct err err = { 0 };
		assert_int_equal(hook_secret_decode(rows[i], &secret, NULL, &err),
			-(int)ERR_INPUT);
		assert_null(secret.key);
		assert_int_equal(secret.len, 7);
		assert_non_null(strstr(err.text, "webhook secret"));
		assert_null(rows[i][0] ? strstr(err.text, rows[i]) : NULL);
	}
}

static void an_empty_key_signs_nothing(void **state)
{
	struct hook_secret empty = { (unsigned char *)mem_strdup(""), 0 };
	char *header = platform_fastpix.sign(&empty, "{}", 2);
	(void)state;
	assert_false(platform_fastpix.verify(&empty, 1, header, "{}", 2));
	free(header);
	hook_secret_release(&empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_the_vectors),
		cmocka_unit_test(refuses_the_secret_as_text),
		cmocka_unit_test(headers_are_trimmed_and_hex_has_no_case),
		cmocka_unit_test(refuses_other_headers),
		cmocka_unit_test(refuses_a_huge_header),
		cmocka_unit_test(refuses_every_changed_byte),
		cmocka_unit_test(any_of_several_secrets_will_do),
		cmocka_unit_test(secrets_are_decoded_leniently),
		cmocka_unit_test(refuses_what_is_no_secret),
		cmocka_unit_test(an_empty_key_signs_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
