/*
 * The address guard at the edges of every block.
 */
#include <config.h>

#include "unit.h"

#include "io/address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const char *const private[] = {
	"0.0.0.0",
	"0.255.255.255",
	"10.0.0.0",
	"10.255.255.255",
	"100.64.0.0",
	"100.127.255.255",
	"127.0.0.1",
	"127.255.255.255",
	"169.254.0.0",
	"169.254.169.254",
	"172.16.0.0",
	"172.31.255.255",
	"192.0.0.0",
	"192.0.0.255",
	"192.0.2.1",
	"192.88.99.1",
	"192.168.0.0",
	"192.168.255.255",
	"198.18.0.0",
	"198.19.255.255",
	"198.51.100.7",
	"203.0.113.7",
	"224.0.0.0",
	"239.255.255.255",
	"240.0.0.0",
	"255.255.255.255",
	"::",
	"::1",
	"::127.0.0.1",
	"::ffff:10.0.0.1",
	"::ffff:127.0.0.1",
	"::ffff:7f00:1",
	"64:ff9b::10.0.0.1",
	"64:ff9b::7f00:1",
	"64:ff9b:1::1",
	"100::1",
	"2001::1",
	"2001:1ff::1",
	"2001:db8::1",
	"2001:db8:ffff::",
	"2002:7f00:1::",
	"2002:a00:1::1",
	"3fff::1",
	"3fff:fff::1",
	"5f00::1",
	"fc00::1",
	"fdff::1",
	"fe80::1",
	"febf::1",
	"fec0::1",
	"ff02::1",
	"4000::1",
	"1fff::1",
	/* what is no address */
	"",
	"localhost",
	"1.2.3",
	"1.2.3.4.5",
	"01.2.3.4",
	"0x7f.0.0.1",
	"256.1.1.1",
	"fe80::1%lo",
	"[2600::1]",
	" 8.8.8.8",
};

static const char *const public[] = {
	"1.0.0.0",
	"8.8.8.8",
	"9.255.255.255",
	"11.0.0.0",
	"100.63.255.255",
	"100.128.0.0",
	"126.255.255.255",
	"128.0.0.0",
	"169.253.255.255",
	"169.255.0.0",
	"172.15.255.255",
	"172.32.0.0",
	"191.255.255.255",
	"192.0.1.0",
	"192.0.3.0",
	"192.88.98.255",
	"192.88.100.0",
	"192.167.255.255",
	"192.169.0.0",
	"198.17.255.255",
	"198.20.0.0",
	"198.51.99.255",
	"198.51.101.0",
	"203.0.112.255",
	"203.0.114.0",
	"223.255.255.255",
	"::8.8.8.8",
	"::ffff:8.8.8.8",
	"64:ff9b::8.8.8.8",
	"2001:200::1",
	"2001:4860:4860::8888",
	"2001:db7::1",
	"2001:db9::1",
	"2002:808:808::1",
	"2600::1",
	"2a00::1",
	"3ffe::1",
	"3fff:1000::1",
};

static void check(const char *ip, bool expected)
{
	if (address_is_private(ip) != expected)
		fail_msg("%s is %s", ip, expected ? "private" : "public");
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		assert_int_equal(
			address_is_private_sockaddr((struct sockaddr *)&v4), expected);
	if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1)
		assert_int_equal(
			address_is_private_sockaddr((struct sockaddr *)&v6), expected);
}

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		check(private[i], true);
	for (size_t i = 0; i < ARRAY_LEN(public); i++)
		check(public[i], false);
}

static void test_other_family(void **state)
{
	const struct sockaddr local = { .sa_family = AF_UNIX };
	(void)state;
	assert_true(address_is_private_sockaddr(&local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_other_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
