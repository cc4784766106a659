/*
 * The special-purpose address registries as tables. For IPv6 the rule is turned round:
 * only 2000::/3 is handed out for the public internet, so everything else is private
 * and the table lists what is special inside it.
 */
#include <config.h>

#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
	uint32_t net;
	int bits;
};

#define IP4(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct block4 blocks4[] = {
	{ IP4(0, 0, 0, 0), 8 },       /* this network */
	{ IP4(10, 0, 0, 0), 8 },      /* private use */
	{ IP4(100, 64, 0, 0), 10 },   /* carrier-grade NAT */
	{ IP4(127, 0, 0, 0), 8 },     /* loopback */
	{ IP4(169, 254, 0, 0), 16 },  /* link local, cloud metadata */
	{ IP4(172, 16, 0, 0), 12 },   /* private use */
	{ IP4(192, 0, 0, 0), 24 },    /* IETF protocol assignments */
	{ IP4(192, 0, 2, 0), 24 },    /* documentation */
	{ IP4(192, 88, 99, 0), 24 },  /* 6to4 relays, withdrawn */
	{ IP4(192, 168, 0, 0), 16 },  /* private use */
	{ IP4(198, 18, 0, 0), 15 },   /* benchmarking */
	{ IP4(198, 51, 100, 0), 24 }, /* documentation */
	{ IP4(203, 0, 113, 0), 24 },  /* documentation */
	{ IP4(224, 0, 0, 0), 4 },     /* multicast */
	{ IP4(240, 0, 0, 0), 4 },     /* reserved, broadcast */
};

struct block6 {
	uint8_t net[16];
	int bits;
};

static const struct block6 blocks6[] = {
	{ { 0x20, 0x01 }, 23 },             /* protocol assignments, Teredo, ORCHID */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x3f, 0xff }, 20 },             /* documentation */
};

/* Prefixes after which an IPv4 address follows. */
static const struct block6 carriers[] = {
	{ { 0 }, 96 },                                        /* v4-compatible */
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96 }, /* v4-mapped */
	{ { 0, 0x64, 0xff, 0x9b }, 96 },                      /* NAT64 */
	{ { 0x20, 0x02 }, 16 },                               /* 6to4 */
};

static bool in_block6(const uint8_t ip[16], const struct block6 *block)
{
	size_t bytes = (size_t)block->bits / 8;
	int rest = block->bits % 8;
	if (memcmp(ip, block->net, bytes) != 0)
		return false;
	return rest == 0 || ip[bytes] >> (8 - rest) == block->net[bytes] >> (8 - rest);
}

static bool private4(uint32_t ip)
{
	for (size_t i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++)
		if ((ip ^ blocks4[i].net) >> (32 - blocks4[i].bits) == 0)
			return true;
	return false;
}

static bool private6(const uint8_t ip[16])
{
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (in_block6(ip, &carriers[i])) {
			const uint8_t *v4 = ip + carriers[i].bits / 8;
			return private4(IP4(v4[0], v4[1], v4[2], v4[3]));
		}
	if (ip[0] >> 5 != 1) /* outside 2000::/3 */
		return true;
	for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++)
		if (in_block6(ip, &blocks6[i]))
			return true;
	return false;
}

bool address_is_private(const char *ip)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, ip, &v4) == 1)
		return private4(ntohl(v4.s_addr));
	if (inet_pton(AF_INET6, ip, &v6) == 1)
		return private6(v6.s6_addr);
	return true;
}

bool address_is_private_sockaddr(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		return private4(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, address, sizeof(v6));
		return private6(v6.sin6_addr.s6_addr);
	}
	return true;
}
