/*
 * A page of another site can make a browser send requests to a loopback address: with
 * its own Host name after DNS rebinding, and then read the answers. Only the names of
 * this machine are therefore accepted. Ports are not compared: a tunnel may change
 * them.
 */
#include <config.h>

#include "admin/guard.h"

#include "base/digest.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define BASIC "Basic "
/* Longest credentials that are looked at, decoded. */
#define CREDENTIALS_MAX 4096

/* "host:port", "[v6]:port" or "host" without port and brackets. */
static bool host_part(const char *text, char *out, size_t size)
{
	const char *begin = text;
	size_t len;

	if (*text == '[') {
		begin = text + 1;
		len = strcspn(begin, "]");
		if (begin[len] != ']' || (begin[len + 1] && begin[len + 1] != ':'))
			return false;
	} else {
		len = strcspn(begin, ":");
	}
	if (len == 0 || len >= size)
		return false;
	memcpy(out, begin, len);
	out[len] = '\0';
	return true;
}

static bool names_this_machine(const char *text)
{
	char host[256];
	struct in_addr v4;
	struct in6_addr v6;

	if (!host_part(text, host, sizeof(host)))
		return false;
	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool guard_is_loopback(const char *listen)
{
	return names_this_machine(listen);
}

bool guard_host_ok(const char *host)
{
	return host && names_this_machine(host);
}

/* Digests have one length: comparing them tells nothing about the length either. */
static bool same_password(const char *given, size_t len, const char *password)
{
	char a[DIGEST_SHA256_HEX], b[DIGEST_SHA256_HEX];

	sha256_hex_of(given, len, a);
	sha256_hex_of(password, strlen(password), b);
	return equal_constant_time(a, sizeof(a), b, sizeof(b));
}

bool guard_password_ok(const char *header, const char *password)
{
	struct buf text;
	const char *colon;
	bool ok = false;

	if (!header || strncasecmp(header, BASIC, strlen(BASIC)) != 0)
		return false;
	header += strlen(BASIC);
	buf_init(&text, CREDENTIALS_MAX);
	if (base64_decode(header, strlen(header), &text, NULL) == 0 && !text.overflow &&
		text.len > 0) {
		colon = memchr(text.data, ':', text.len);
		if (colon)
			ok = same_password(colon + 1,
				text.len - (size_t)(colon + 1 - text.data), password);
		explicit_bzero(text.data, text.len);
	}
	buf_release(&text);
	return ok;
}
