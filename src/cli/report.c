/*
 * Kept as the document of --json; the text is made from it.
 */
#include <config.h>

#include "cli/report.h"

#include "base/json.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static enum text_style style_of(const char *result)
{
	return strcmp(result, finding_names[FINDING_OK]) == 0 ? TEXT_GOOD : TEXT_ALARM;
}

void report_text(const struct report *report, bool color, struct buf *out)
{
	const cJSON *json;

	cJSON_ArrayForEach (json, report->checks) {
		const char *result = json_text(json, "result");

		text_style(out, color, style_of(result));
		buf_printf(out, "%-4s  ", result);
		text_style(out, color, TEXT_PLAIN);
		text_clean(out, json_text(json, "check"));
		buf_str(out, ": ");
		text_clean(out, json_text(json, "text"));
		text_if(out, "; ", json_text(json, "remedy"));
		buf_char(out, '\n');
	}
}
