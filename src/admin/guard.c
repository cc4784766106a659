/*
 * A page of another site can make a browser send requests to a loopback address: with
 * its own Host name after DNS rebinding, and then read the answers. Only the names of
 * this machine are therefore accepted. Ports are not compared: a tunnel may change
 * them.
 */
#include <config.h>

#include "admin/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

bool guard_same_site(const char *host, const char *origin, const char *fetch_site)
{
	const char *authority = origin ? strstr(origin, "://") : NULL;

	if (fetch_site && strcmp(fetch_site, "same-origin") != 0 &&
		strcmp(fetch_site, "none") != 0)
		return false;
	return !origin || (authority && host && strcasecmp(authority + 3, host) == 0);
}
