/*
 * Digests against published vectors, and base64 in all the forms that secrets come in.
 */
#include <config.h>

#include "base/digest.h"
#include "unit.h"
#include <string.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_SHA256   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void hashes(void **state)
{
	char hex[DIGEST_SHA256_HEX];
	(void)state;
	sha256_hex_of("", 0, hex);
	assert_string_equal(hex, EMPTY_SHA256);
	sha256_hex_of("abc", 3, hex);
	assert_string_equal(hex, ABC_SHA256);

	struct sha256 *hash = sha256_new();
	sha256_hex(hash, hex);
	assert_string_equal(hex, EMPTY_SHA256);
	sha256_update(hash, "a", 1);
	sha256_update(hash, "", 0);
	sha256_update(hash, "bc", 2);
	sha256_hex(hash, hex);
	assert_string_equal(hex, ABC_SHA256);
	sha256_update(hash, "abc", 3);
	sha256_hex(hash, hex);
	assert_string_equal(hex, ABC_SHA256);
	sha256_free(hash);
	sha256_free(NULL);
}

static void authenticates(void **state)
{
	static const char secret[] = "ZmFzdHBpeC10ZXN0LWtleS0wMTIzNDU2Nzg5YWJjZGU=";
	unsigned char mac[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];
	struct buf key;
	struct buf text;
	(void)state;
	buf_init(&key, 64);
	buf_init(&text, 64);
	assert_int_equal(base64_decode(secret, strlen(secret), &key, NULL), 0);
	assert_int_equal(hmac(DIGEST_SHA256, key.data, key.len, "{}", 2, mac), 32);
	base64_encode(mac, 32, &text);
	assert_string_equal(
		buf_text(&text), "CUxrmphqEciso2+tDnCEcGPgKGwdHRgD1kp6+XdBzeA=");
	buf_release(&key);
	buf_release(&text);

	/* RFC 2202 and RFC 4231, test case 2; then empty key and data */
	assert_int_equal(
		hmac(DIGEST_SHA1, "Jefe", 4, "what do ya want for nothing?", 28, mac),
		20);
	hex_encode(mac, 20, hex);
	assert_string_equal(hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	assert_int_equal(
		hmac(DIGEST_SHA256, "Jefe", 4, "what do ya want for nothing?", 28, mac),
		32);
	hex_encode(mac, 32, hex);
	assert_string_equal(hex,
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(hmac(DIGEST_SHA256, NULL, 0, NULL, 0, mac), 32);
	hex_encode(mac, 32, hex);
	assert_string_equal(hex,
		"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void codes_base64(void **state)
{
	static const struct {
		const char *bytes;
		const char *text;
	} rows[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" }, { "\xFB\xFF\xFE", "+//+" } };
	struct buf out;
	(void)state;
	buf_init(&out, 64);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool strict = false;
		buf_reset(&out);
		base64_encode(rows[i].bytes, strlen(rows[i].bytes), &out);
		assert_string_equal(buf_text(&out), rows[i].text);
		buf_reset(&out);
		assert_int_equal(base64_decode(rows[i].text, strlen(rows[i].text), &out,
					 &strict),
			0);
		assert_true(strict);
		assert_string_equal(buf_text(&out), rows[i].bytes);
	}
	buf_release(&out);
}

static void decodes_leniently(void **state)
{
	static const struct {
		const char *text;
		const char *bytes; /* NULL: refused */
	} rows[] = {
		{ "Zg", "f" },
		{ "Zg=", "f" },
		{ "Zg===", "f" },
		{ "Zm9v\n", "foo" },
		{ " Zm 9v\r\n\tYmFy ", "foobar" },
		{ "-__-", "\xFB\xFF\xFE" },
		{ "Zh==", "f" }, /* bits that should be zero */
		{ "Zm9vY", "foo" },
		{ "Z", "" },
		{ "Zg= =", "f" },
		{ "=", "" },
		{ "Zg==Zg==", NULL },
		{ "Z*g=", NULL },
		{ "Zg.", NULL },
		{ "Zg\x80", NULL },
	};
	struct buf out;
	(void)state;
	buf_init(&out, 64);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool strict = true;
		buf_reset(&out);
		buf_str(&out, ">");
		int rc = base64_decode(
			rows[i].text, strlen(rows[i].text), &out, &strict);
		assert_int_equal(rc, rows[i].bytes ? 0 : -1);
		assert_string_equal(
			buf_text(&out) + 1, rows[i].bytes ? rows[i].bytes : "");
		assert_int_equal(strict, rows[i].bytes == NULL);
	}
	assert_int_equal(base64_decode("Z\0g=", 4, &out, NULL), -1);
	buf_release(&out);
	buf_init(&out, 2);
	assert_int_equal(base64_decode("Zm9v", 4, &out, NULL), -1);
	assert_int_equal(out.len, 0);
	assert_int_equal(base64_decode("Zm8=", 4, &out, NULL), 0);
	buf_release(&out);
}

static void every_byte_survives_base64(void **state)
{
	unsigned char bytes[256];
	struct buf text;
	struct buf back;
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	buf_init(&text, 1024);
	buf_init(&back, 1024);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		bool strict = false;
		buf_reset(&text);
		buf_reset(&back);
		base64_encode(bytes, len, &text);
		assert_int_equal(
			base64_decode(buf_text(&text), text.len, &back, &strict), 0);
		assert_true(strict);
		assert_int_equal(back.len, len);
		assert_memory_equal(buf_text(&back), bytes, len);
	}
	buf_release(&text);
	buf_release(&back);
}

/* RFC 7914, section 12. */
static void derives_slowly(void **state)
{
	unsigned char out[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];

	(void)state;
	slow_digest("pleaseletmein", "SodiumChloride", strlen("SodiumChloride"), out);
	hex_encode(out, sizeof(out), hex);
	assert_string_equal(hex, "7023bdcb3afd7348461c06cd81fd38eb"
				 "fda8fbba904f8e3ea9b543f6545da1f2");
}

static void compares_and_draws(void **state)
{
	unsigned char first[64] = { 0 };
	unsigned char second[64] = { 0 };
	char hex[7];
	(void)state;
	assert_true(equal_constant_time("abc", 3, "abc", 3));
	assert_true(equal_constant_time("", 0, "", 0));
	assert_false(equal_constant_time("abc", 3, "abd", 3));
	assert_false(equal_constant_time("abc", 3, "abcd", 4));
	hex_encode("\x00\xAB\xff", 3, hex);
	assert_string_equal(hex, "00abff");
	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	random_bytes(NULL, 0);
	assert_true(random_u64() != random_u64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(authenticates),
		cmocka_unit_test(codes_base64),
		cmocka_unit_test(decodes_leniently),
		cmocka_unit_test(every_byte_survives_base64),
		cmocka_unit_test(derives_slowly),
		cmocka_unit_test(compares_and_draws),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
