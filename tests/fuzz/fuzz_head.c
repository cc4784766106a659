/*
 * Header lines of an answer. Numbers are -1 or sensible, and a range is one.
 */
#include <config.h>

#include "fuzz.h"
#include "io/http_head.h"
#include <stdlib.h>
#include <string.h>

static void head_holds(const struct http_head *head)
{
	HOLDS(head->content_length >= -1);
	HOLDS(head->range_first >= -1 && head->range_total >= -1);
	HOLDS(head->range_last >= head->range_first || head->range_last == -1);
	HOLDS(head->range_total == -1 || head->range_last < head->range_total);
	HOLDS(head->retry_after_ms >= 0);
	HOLDS(strlen(head->content_type) < sizeof(head->content_type));
	HOLDS(strlen(head->etag) < sizeof(head->etag));
	HOLDS(strlen(head->last_modified) < sizeof(head->last_modified));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head = { 0 };
	const uint8_t *end;

	http_head_begin(&head, "HTTP/1.1 206 OK", strlen("HTTP/1.1 206 OK"));
	while (size) {
		const uint8_t *feed = memchr(data, '\n', size);
		end = feed ? feed + 1 : data + size;
		const char *line = (const char *)data;
		size_t len = (size_t)(end - data);
		if (!http_head_begin(&head, line, len))
			http_head_field(&head, line, len);
		head_holds(&head);
		free(http_head_value(line, len, "etag"));
		data = end;
		size -= len;
	}
	return 0;
}
