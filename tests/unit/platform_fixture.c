/*
 * Fixture files are read from the source tree; nothing else here touches the outside.
 */
#include <config.h>

#include "platform_fixture.h"

#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 << 20)

char *fixture_text(const char *name)
{
	const char *top = getenv("top_srcdir");
	char *path = mem_printf("%s/tests/data/%s", top ? top : ".", name);
	char *text = mem_alloc(FILE_MAX);
	FILE *file = fopen(path, "rb");

	if (!file)
		fail_msg("cannot open %s", path);
	else
		text[fread(text, 1, FILE_MAX - 1, file)] = '\0';
	fclose(file);
	free(path);
	return text;
}

struct workspace_config fixture_workspace(enum platform_kind kind)
{
	static char name[] = "staging";
	static char id[] = "7f3a1c52-88d4-4c0e-9b1f-2a6d5e4f3b21";
	static char api_id[] = "token-id";
	static char api_secret[] = "token:secret";
	static char fastpix_url[] = "https://api.fastpix.com/v1";
	static char stream_url[] = "https://stream.fastpix.com";
	static char image_url[] = "https://images.fastpix.com";
	static char optiview_url[] = "https://api.millicast.com";

	struct workspace_config ws = {
		.name = name,
		.platform = kind,
		.api_id = api_id,
		.api_secret = api_secret,
	};
	if (kind == PLATFORM_FASTPIX) {
		ws.workspace_id = id;
		ws.api_url = fastpix_url;
		ws.stream_url = stream_url;
		ws.image_url = image_url;
	} else {
		ws.api_url = optiview_url;
	}
	return ws;
}

struct reading fixture_read(const struct workspace_config *ws, const char *body)
{
	struct reading reading = { .redacted = NULL };
	size_t len = strlen(body);
	char *exact = malloc(len + !len); /* without NUL, for the sanitizer */
	struct delivery_input in = { .body = exact, .len = len };

	assert_non_null(exact);
	memcpy(exact, body, len);
	event_init(&reading.event);
	reading.verdict = platform_of(ws->platform)
				  ->parse(ws, &in, &reading.event, &reading.redacted,
					  &reading.err);
	free(exact);
	return reading;
}

struct reading fixture_read_file(const struct workspace_config *ws, const char *name)
{
	char *body = fixture_text(name);
	struct reading reading = fixture_read(ws, body);
	free(body);
	return reading;
}

void fixture_read_end(struct reading *reading)
{
	bool kept = reading->verdict == DELIVERY_EVENT ||
		    reading->verdict == DELIVERY_FOREIGN;
	assert_int_equal(reading->redacted != NULL, kept);
	if (kept)
		assert_true(reading->event.type && reading->event.key);
	if (reading->verdict == DELIVERY_REJECT)
		assert_true(reading->err.class == ERR_INPUT && reading->err.text[0]);
	event_release(&reading->event);
	free(reading->redacted);
}

void assert_same_text(const char *got, const char *expected)
{
	if (expected)
		assert_string_equal(got ? got : "(null)", expected);
	else
		assert_null(got);
}

struct http_response fixture_answer(int status, const char *body)
{
	struct http_response answer = {
		.status = status,
		.content_type = "application/json",
		.body = body,
		.body_len = strlen(body),
	};
	return answer;
}

const struct source *fixture_source(
	const struct record *record, const char *key, enum form form)
{
	for (size_t i = 0; i < record->n_sources; i++)
		if (strcmp(record->sources[i].key, key) == 0 &&
			record->sources[i].form == form)
			return &record->sources[i];
	return NULL;
}
