/*
 * RSA keys: the known vector, every way in which one is pasted, and what is pasted
 * instead.
 */
#include <config.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/rsa_key.h"
#include "rsa_vector.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define PUBLIC_PEM \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n" \
	"NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n" \
	"P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n" \
	"9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n" \
	"EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n" \
	"FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n" \
	"oQIDAQAB\n" \
	"-----END PUBLIC KEY-----\n"

#define EC_PEM \
	"-----BEGIN EC PRIVATE KEY-----\n" \
	"MHcCAQEEIMuPQDood6YqNnER0BQimG8f6ida+7E8ezI/y2/x/d3NoAoGCCqGSM49\n" \
	"AwEHoUQDQgAE1aIOssQDDuD54JJDUZy911+Lk+Z/TzUXUexIHiuM/d230ISwgE1Q\n" \
	"MvEYM8X9Pf80hIAaKAJWfTFpT2y6RheKNw==\n" \
	"-----END EC PRIVATE KEY-----\n"

#define SMALL_PEM \
	"-----BEGIN RSA PRIVATE KEY-----\n" \
	"MIICXAIBAAKBgQDARVIFRmdsGube9mfecUikH0TI6dvVfI1soi8PX+BlFAZpH2sX\n" \
	"V9RmZMbNplT1TCR/Uns595fKA/vandYmpqBr0AS5p0LAtOl6kcGlp5Z3OhbUBWzY\n" \
	"wX5J3mG/Nr6WZpgrstoE7TrVz4Xa/aqUipyDyif8xALQUHcMd9jBn/8ykQIDAQAB\n" \
	"AoGABzDQf3gBmC5tYftPKSeNcu3kcaslWJee5mguYGHSj5UvJDFTnPzg6a9tK/XD\n" \
	"iaT+XHCmQSW8XIbHnYZ3otxqdW0Kf2+U4DVAEi+OJuE0QGYuWyAbt4nVERzdIByq\n" \
	"7gIAG95MF5AOX3o7ceeqtcbiVPBA+lr/zpOyh8fhcC6tDO0CQQD7Bfj4e9fxQXqB\n" \
	"faYR8Ga37/NzZOwM/h8ZwoSp5d3WSK0fkkM4+Y9JMkzaUa2oLEcrqHqTRCacbxAY\n" \
	"f5GjEZ63AkEAxBUotCz54WUBCudO7V7fej1NJaGacqK+rCgOmXr2FyO+qdhTfzPZ\n" \
	"u2TGUahW/6waghjgt6xtzWaQpP3k4Olw9wJBAOuLlyvTSbYgcwu/E24R3tEKX68Q\n" \
	"LE+kxRou5L1n7Nl+KLVPUbTMuB8/C85whjsgEUhuN1aoxHJV5QyX59jUV9ECQHZ+\n" \
	"5vNDftrEREYHlP4D6H+hzh5gs8p1KU82geQkl9VSB6Xykjr75afGdcbhOXoW0oou\n" \
	"aJb3AAAx7FWZDZkR2e8CQGY+7AaqxORnSV2e2peLetg3LRkTP6Hov2mpsZvHaM3e\n" \
	"ZipGxWaCzjE0rTDVHWSEK9W0u0VYF5Rrs1CzQjkqyt8=\n" \
	"-----END RSA PRIVATE KEY-----\n"

/* clang-format on */

static char *base64_of(const char *text)
{
	struct buf out;

	buf_init(&out, 16384);
	base64_encode(text, strlen(text), &out);
	return buf_steal(&out);
}

static struct rsa_key *must_read(const char *text)
{
	struct rsa_key *key = NULL;
	struct err err = { 0 };

	if (rsa_key_read(text, &key, &err))
		fail_msg("%s", err.text);
	return key;
}

/* RFC 7515 A.2. */
static void assert_signs(const struct rsa_key *key)
{
	struct buf expected, got;

	buf_init(&expected, 1024);
	buf_init(&got, 1024);
	assert_int_equal(base64_decode(RSA_VECTOR_SIGNATURE,
				 strlen(RSA_VECTOR_SIGNATURE), &expected, NULL),
		0);
	assert_int_equal(rsa_key_sign(key, RSA_VECTOR_INPUT, strlen(RSA_VECTOR_INPUT),
				 &got, NULL),
		0);
	assert_int_equal(got.len, 256);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.data, expected.data, got.len);
	buf_release(&expected);
	buf_release(&got);
}

static void signs_the_known_vector(void **state)
{
	struct rsa_key *key = must_read(RSA_VECTOR_PEM);
	(void)state;
	assert_int_equal(rsa_key_bits(key), 2048);
	assert_signs(key);
	rsa_key_free(key);
	rsa_key_free(NULL);
}

static void reads_a_key_however_it_is_pasted(void **state)
{
	char *base64 = base64_of(RSA_VECTOR_PEM);
	char *blank = mem_printf("  %.100s\n %s\n", base64, base64 + 100);
	char *padded = mem_printf("remark\n\n%s\n\n", RSA_VECTOR_PEM);
	char *bare = mem_strndup(base64, strcspn(base64, "="));
	const char *const rows[] = { base64, blank, padded, bare };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rsa_key *key = must_read(rows[i]);
		assert_signs(key);
		rsa_key_free(key);
	}
	free(base64);
	free(blank);
	free(padded);
	free(bare);
}

static void says_what_is_no_key(void **state)
{
#define BEGIN "-----BEGIN RSA PRIVATE KEY-----\n"
#define END   "-----END RSA PRIVATE KEY-----\n"
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "neither" },
		{ "pass-word", "neither" },
		{ "c2VjcmV0", "neither" },
		{ "\xff\xfe", "neither" },
		{ PUBLIC_PEM, "public key" },
		{ EC_PEM, "another kind" },
		{ SMALL_PEM, "1024 bits" },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		  "-----END ENCRYPTED PRIVATE KEY-----\n",
			"password" },
		{ BEGIN "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
			"00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n" END,
			"password" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
			"certificate" },
		{ BEGIN, "damaged" },
		{ BEGIN END, "damaged" },
		{ BEGIN "AAAA\n" END, "damaged" },
		{ BEGIN "!!!!\n" END, "damaged" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *base64 = base64_of(rows[i].text);
		const char *const texts[] = { rows[i].text, base64 };
		for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
			struct rsa_key *key = NULL;
			struct err err = { 0 };
			assert_int_equal(
				rsa_key_read(texts[k], &key, &err), -ERR_INPUT);
			assert_null(key);
			if (!strstr(err.text, rows[i].says))
				fail_msg("\"%s\" does not say \"%s\"", err.text,
					rows[i].says);
			assert_null(strstr(err.text, "pass-word"));
		}
		free(base64);
	}
}

/* Every cut of a good key is refused, and every flipped digit is a key or is not. */
static void survives_damage(void **state)
{
	const size_t len = strlen(RSA_VECTOR_PEM);
	char *text = mem_strdup(RSA_VECTOR_PEM);
	struct buf out;
	(void)state;
	for (size_t cut = 0; cut < len - 30; cut += 7) {
		struct rsa_key *key = NULL;
		char *part = mem_strndup(text, cut);
		assert_int_not_equal(rsa_key_read(part, &key, NULL), 0);
		assert_null(key);
		free(part);
	}
	for (size_t at = 32; at < len - 40; at += 29) {
		struct rsa_key *key = NULL;
		char was = text[at];
		text[at] = was == 'A' ? 'B' : 'A';
		buf_init(&out, 2048);
		if (rsa_key_read(text, &key, NULL) == 0 &&
			rsa_key_sign(key, "x", 1, &out, NULL) == 0)
			assert_in_range(out.len, 1, 1024);
		buf_release(&out);
		rsa_key_free(key);
		text[at] = was;
	}
	free(text);
}

static void refuses_what_is_too_long(void **state)
{
	struct rsa_key *key = NULL;
	struct err err = { 0 };
	char *text = mem_alloc(100001);
	(void)state;
	memset(text, 'A', 100000);
	assert_int_equal(rsa_key_read(text, &key, &err), -ERR_INPUT);
	assert_non_null(strstr(err.text, "too long"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_the_known_vector),
		cmocka_unit_test(reads_a_key_however_it_is_pasted),
		cmocka_unit_test(says_what_is_no_key),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_what_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
