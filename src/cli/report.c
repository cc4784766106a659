/*
 * Kept as the document of --json; the text is made from it.
 */
#include <config.h>

#include "cli/report.h"

#include "base/json.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const finding_names[] = { "ok", "warn", "FAIL" };

void report_init(struct report *report)
{
	report->checks = cJSON_CreateArray();
	report->failed = 0;
}

void report_release(struct report *report)
{
	cJSON_Delete(report->checks);
	report->checks = NULL;
}

void report_add(struct report *report, enum finding finding, const char *what,
	const char *remedy, const char *fmt, ...)
{
	cJSON *json = cJSON_CreateObject();
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_add_text(json, "check", what);
	json_add_text(json, "result", finding_names[finding]);
	json_add_text(json, "text", text);
	json_add_text(json, "remedy", remedy);
	cJSON_AddItemToArray(report->checks, json);
	report->failed += finding == FINDING_FAIL;
}

void report_text(const struct report *report, struct buf *out)
{
	const cJSON *json;

	cJSON_ArrayForEach (json, report->checks) {
		buf_printf(out, "%-4s  ", json_text(json, "result"));
		text_clean(out, json_text(json, "check"));
		buf_str(out, ": ");
		text_clean(out, json_text(json, "text"));
		if (json_text(json, "remedy")) {
			buf_str(out, "; ");
			text_clean(out, json_text(json, "remedy"));
		}
		buf_char(out, '\n');
	}
}
