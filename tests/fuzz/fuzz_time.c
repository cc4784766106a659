/*
 * Times, durations and sizes as people and platforms write them. What is read can be
 * written, and reads again as itself.
 */
#include <config.h>

#include "base/clock.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

#define NOW_NS INT64_C(1795000000000000000)

static int64_t whole_ms(int64_t ns)
{
	int64_t rest = ns % NS_PER_MS;
	return rest < 0 ? ns - rest - NS_PER_MS : ns - rest;
}

static void time_holds(const char *text, size_t len)
{
	struct err err = { 0 };
	char local[40];
	char utc[32];
	int64_t again;
	int64_t ns;

	int rc = time_parse(text, len, &ns, &err);
	fuzz_result_holds(rc, &err);
	if (rc)
		return;
	time_format_utc(ns, utc);
	time_format_local(ns, local);
	HOLDS(strlen(utc) == strlen("2026-11-22T10:00:00.123Z"));
	/* The first millisecond that can be told begins before the first that can be
	 * read. */
	if (ns >= INT64_MIN + NS_PER_MS) {
		HOLDS(time_parse(utc, strlen(utc), &again, NULL) == 0);
		HOLDS(again == whole_ms(ns));
	}
}

static void duration_holds(const char *text)
{
	struct err err = { 0 };
	char shown[32];
	int64_t again;
	int64_t ms;

	int rc = duration_parse(text, &ms, &err);
	fuzz_result_holds(rc, &err);
	if (rc)
		return;
	HOLDS(ms >= 0 && ms <= INT64_MAX / NS_PER_MS);
	duration_format(ms, shown);
	HOLDS(duration_parse(shown, &again, NULL) == 0 && again == ms);
}

static void size_holds(const char *text)
{
	struct err err = { 0 };
	char shown[32];
	int64_t again;
	int64_t bytes;

	int rc = size_parse(text, &bytes, &err);
	fuzz_result_holds(rc, &err);
	if (rc)
		return;
	HOLDS(bytes >= 0);
	size_format(bytes, shown);
	HOLDS(size_parse(shown, &again, NULL) == 0 && again == bytes);
	size_format_human(bytes, shown);
	HOLDS(strlen(shown) < sizeof(shown));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	int64_t since;

	time_holds((const char *)data, size);
	char *text = fuzz_text(data, size);
	duration_holds(text);
	size_holds(text);
	fuzz_result_holds(time_parse_since(text, NOW_NS, &since, &err), &err);
	free(text);
	return 0;
}
