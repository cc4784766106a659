/*
 * Signatures. The first line is a header, the second a configured secret, the rest a
 * body: whatever they are, only the body's own signature is taken.
 */
#include <config.h>

#include "base/mem.h"
#include "fuzz.h"
#include "platform/platform.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* @header without the blanks round it. */
static bool is_same_header(const char *header, const char *expected)
{
	size_t len = strlen(expected);

	header += strspn(header, " \t\r\n");
	return strncasecmp(header, expected, len) == 0 &&
	       header[len + strspn(header + len, " \t\r\n")] == '\0';
}

static void signing_holds(const struct platform *platform,
	const struct hook_secret *secret, const char *header, const uint8_t *body,
	size_t len)
{
	char *expected = platform->sign(secret, body, len);
	uint8_t *other = mem_alloc(len + 1);

	HOLDS(platform->verify(secret, 1, expected, body, len));
	if (platform->verify(secret, 1, header, body, len))
		HOLDS(is_same_header(header, expected));
	if (len)
		memcpy(other, body, len);
	HOLDS(!platform->verify(secret, 1, expected, other, len + 1));
	other[len / 2] ^= 1;
	HOLDS(!len || !platform->verify(secret, 1, expected, other, len));
	HOLDS(!platform->verify(secret, 0, expected, body, len));
	HOLDS(!platform->verify(secret, 1, NULL, body, len));
	free(other);
	free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *header = fuzz_line(&in);
	char *text = fuzz_line(&in);
	struct hook_secret secret = { 0 };
	struct err err = { 0 };
	bool canonical;

	int rc = hook_secret_decode(text, &secret, &canonical, &err);
	fuzz_result_holds(rc, &err);
	if (rc == 0) {
		HOLDS(secret.key && secret.len > 0);
		signing_holds(&platform_fastpix, &secret, header, in.data, in.size);
		signing_holds(&platform_optiview, &secret, header, in.data, in.size);
	}
	hook_secret_release(&secret);
	free(text);
	free(header);
	return 0;
}
