/*
 * Compares members of two documents by what names them.
 */
#include <config.h>

#include "cli/status_changes.h"

#include "base/json.h"
#include "cli/progress_text.h"
#include "cli/status_text.h"
#include "cli/text.h"

#include <string.h>

#define STRIDE (INT64_C(64) * 1024 * 1024)

static bool same_text(const cJSON *a, const cJSON *b, const char *member)
{
	const char *one = json_text(a, member), *other = json_text(b, member);

	return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool same_transfer(const cJSON *a, const cJSON *b)
{
	return same_text(a, b, "workspace") && same_text(a, b, "id") &&
	       same_text(a, b, "key");
}

static bool same_warning(const cJSON *a, const cJSON *b)
{
	return same_text(a, b, "key") && same_text(a, b, "text");
}

static const cJSON *find(const cJSON *list, const cJSON *wanted,
	bool (*same)(const cJSON *a, const cJSON *b))
{
	const cJSON *item;

	cJSON_ArrayForEach (item, list) {
		if (same(item, wanted))
			return item;
	}
	return NULL;
}

/* How many strides a transfer has come; another number is worth a line. */
static int64_t strides(const cJSON *transfer)
{
	int64_t bytes = json_int(transfer, "bytes", 0);
	int64_t total = json_int(transfer, "total", -1);

	if (total <= 0)
		return bytes / STRIDE;
	return (int64_t)(10.0 * (double)bytes / (double)total);
}

static void put_transfer(
	const char *when, const cJSON *transfer, const char *what, struct buf *out)
{
	buf_printf(out, "%s ", when);
	progress_name(transfer, out);
	buf_str(out, ": ");
	if (what)
		buf_str(out, what);
	else
		progress_figures(transfer, out);
	buf_char(out, '\n');
}

static void transfers(
	const cJSON *before, const cJSON *now, const char *when, struct buf *out)
{
	const cJSON *old = json_at(before, "transfers");
	const cJSON *new = json_at(now, "transfers");
	const cJSON *item;

	cJSON_ArrayForEach (item, old) {
		if (!find(new, item, same_transfer))
			put_transfer(when, item, "no longer in flight", out);
	}
	cJSON_ArrayForEach (item, new) {
		const cJSON *was = find(old, item, same_transfer);

		if (!was || strides(was) != strides(item))
			put_transfer(when, item, NULL, out);
	}
}

static void put_warning(
	const char *when, const cJSON *warning, const char *what, struct buf *out)
{
	buf_printf(out, "%s %s: ", when, what);
	text_clean(out, json_text(warning, "text"));
	buf_char(out, '\n');
}

static void warnings(
	const cJSON *before, const cJSON *now, const char *when, struct buf *out)
{
	const cJSON *old = json_at(before, "warnings");
	const cJSON *new = json_at(now, "warnings");
	const cJSON *item;

	cJSON_ArrayForEach (item, old) {
		if (!find(new, item, same_warning))
			put_warning(when, item, "over", out);
	}
	cJSON_ArrayForEach (item, new) {
		if (!find(old, item, same_warning))
			put_warning(when, item, "warning", out);
	}
}

void status_changes(
	const cJSON *before, const cJSON *now, const char *when, struct buf *out)
{
	transfers(before, now, when, out);
	if (!cJSON_Compare(json_at(before, "assets"), json_at(now, "assets"), true)) {
		buf_printf(out, "%s assets: ", when);
		status_states(now, out);
		buf_char(out, '\n');
	}
	warnings(before, now, when, out);
}
