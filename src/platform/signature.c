/*
 * Signatures over raw bytes, never over JSON that was parsed and printed again: a body
 * may hold anything, NULs included (OptiView signs JPEG images the same way).
 *
 * Both platforms show the secret as base64 and sign with the bytes it stands for
 * (fastpix.md §1, optiview.md §1.3). A signature made with the text of the secret as
 * key is refused: that the key was once used so is said of no live delivery.
 */
#include <config.h>

#include "platform/signature.h"

#include "base/mem.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* No scheme writes more; longer headers are not looked at. */
#define SIGNATURE_MAX 128
#define SECRET_MAX    4096

static void encode(const struct signature_scheme *scheme, const void *mac, size_t len,
	struct buf *out)
{
	char hex[2 * DIGEST_MAX + 1];

	buf_str(out, scheme->prefix);
	if (scheme->encoding == SIGNATURE_BASE64) {
		base64_encode(mac, len, out);
	} else {
		hex_encode(mac, len, hex);
		buf_str(out, hex);
	}
}

char *signature_make(const struct signature_scheme *scheme,
	const struct hook_secret *secret, const void *body, size_t len)
{
	unsigned char mac[DIGEST_MAX];
	struct buf out;

	size_t mac_len = hmac(scheme->digest, secret->key, secret->len, body, len, mac);
	buf_init(&out, SIGNATURE_MAX);
	encode(scheme, mac, mac_len, &out);
	return buf_steal(&out);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* @header without blanks round it, its hex digits in lower case, into @out. Returns the
 * length, 0 when it cannot be a signature. */
static size_t normalise(const struct signature_scheme *scheme, const char *header,
	char out[SIGNATURE_MAX])
{
	while (is_blank(*header))
		header++;
	size_t len = strnlen(header, SIGNATURE_MAX + 1);
	while (len > 0 && is_blank(header[len - 1]))
		len--;
	if (len > SIGNATURE_MAX)
		return 0;
	memcpy(out, header, len);
	if (scheme->encoding == SIGNATURE_HEX)
		for (size_t i = strlen(scheme->prefix); i < len; i++)
			if (out[i] >= 'A' && out[i] <= 'F')
				out[i] = (char)(out[i] - 'A' + 'a');
	return len;
}

bool signature_verify(const struct signature_scheme *scheme,
	const struct hook_secret *secrets, size_t n, const char *header,
	const void *body, size_t len)
{
	char given[SIGNATURE_MAX];
	bool good = false;

	size_t given_len = header ? normalise(scheme, header, given) : 0;
	if (given_len == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (secrets[i].len == 0) /* anybody can sign with an empty key */
			continue;
		char *expected = signature_make(scheme, &secrets[i], body, len);
		good |= equal_constant_time(
			given, given_len, expected, strlen(expected));
		mem_free_secret(expected);
	}
	return good;
}

int hook_secret_decode(
	const char *text, struct hook_secret *out, bool *canonical, struct err *err)
{
	struct buf key;
	bool strict;

	buf_init(&key, SECRET_MAX);
	if (base64_decode(text, strlen(text), &key, &strict) != 0 || key.overflow) {
		err_set(err, ERR_INPUT,
			"the webhook secret is not base64; copy it whole from the platform");
		goto fail;
	}
	if (key.len == 0) {
		err_set(err, ERR_INPUT, "the webhook secret is empty");
		goto fail;
	}
	out->len = key.len;
	out->key = (unsigned char *)buf_steal(&key);
	if (canonical)
		*canonical = strict;
	return 0;
fail:
	if (key.data)
		OPENSSL_cleanse(key.data, key.size);
	buf_release(&key);
	return -ERR_INPUT;
}

void hook_secret_release(struct hook_secret *secret)
{
	if (secret->key)
		OPENSSL_cleanse(secret->key, secret->len);
	free(secret->key);
	secret->key = NULL;
	secret->len = 0;
}
