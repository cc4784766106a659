/*
 * Bounded memory of an unbounded stream: the last bytes, and the line under way.
 */
#include <config.h>

#include "io/process_priv.h"

#include "base/mem.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xE2\x80\xA6"

void output_init(struct process_output *output, size_t keep,
	void (*on_line)(void *arg, const char *line), void *arg)
{
	memset(output, 0, sizeof(*output));
	output->keep = keep;
	output->tail = mem_alloc(keep + 1);
	output->on_line = on_line;
	output->arg = arg;
	if (on_line)
		output->line = mem_alloc(PROCESS_LINE_MAX + 1);
}

static void keep_tail(struct process_output *output, const char *data, size_t len)
{
	if (len > output->keep) {
		data += len - output->keep;
		len = output->keep;
		output->cut = true;
	}
	if (output->len + len > output->keep) {
		size_t gone = output->len + len - output->keep;
		memmove(output->tail, output->tail + gone, output->len - gone);
		output->len -= gone;
		output->cut = true;
	}
	memcpy(output->tail + output->len, data, len);
	output->len += len;
}

static void give_line(struct process_output *output)
{
	output->line[output->line_len] = '\0';
	output->line_len = 0;
	output->on_line(output->arg, output->line);
}

/* An end of line behind an end of line ("\r\n") is no line. */
static void take_char(struct process_output *output, char c)
{
	if (c == '\n' || c == '\r') {
		if (output->line_len)
			give_line(output);
		return;
	}
	output->line[output->line_len++] = c ? c : ' ';
	if (output->line_len == PROCESS_LINE_MAX)
		give_line(output);
}

void output_add(struct process_output *output, const char *data, size_t len)
{
	keep_tail(output, data, len);
	for (size_t i = 0; output->on_line && i < len; i++)
		take_char(output, data[i]);
}

void output_end(struct process_output *output)
{
	if (output->on_line && output->line_len)
		give_line(output);
}

/* One character of what the child wrote; returns the bytes it took. */
static size_t clean(struct buf *text, const char *at, size_t left)
{
	size_t len = utf8_sequence(at, left, NULL);
	unsigned char c = (unsigned char)*at;
	if (!len)
		buf_str(text, UTF8_REPLACEMENT);
	else if (c == '\r')
		buf_char(text, '\n');
	else if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f))
		buf_append(text, at, len);
	return len ? len : 1;
}

char *output_text(const struct process_output *output)
{
	struct buf text;
	size_t at = 0;
	/* Each byte may become the three of the replacement character. */
	buf_init(&text, output->keep * 3 + sizeof(ELLIPSIS) + 1);
	if (output->cut && output->keep) {
		buf_str(&text, ELLIPSIS);
		while (at < output->len && (output->tail[at] & 0xC0) == 0x80)
			at++;
	}
	while (at < output->len)
		at += clean(&text, output->tail + at, output->len - at);
	return text.len ? buf_steal(&text) : mem_strdup("");
}

void output_release(struct process_output *output)
{
	free(output->tail);
	free(output->line);
}
