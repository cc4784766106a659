/*
 * What the head of an answer means for a download (DESIGN §4.6, §4.8). A part goes on
 * only where offset, total and validator all fit; everything else begins anew. Pure.
 */
#include <config.h>

#include "flow/transfer_check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool etag_is_strong(const char *etag)
{
	return etag && etag[0] == '"' && etag[1] != '\0';
}

void bytes_format(int64_t bytes, char out[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)bytes);
	char *to = out;
	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
}

/* Whether the answer names another file than the one the part is of. */
static bool is_other_file(const struct http_head *head, const struct part *part)
{
	if (part->etag)
		return head->etag[0] && strcmp(head->etag, part->etag) != 0;
	return part->last_modified && head->last_modified[0] &&
	       strcmp(head->last_modified, part->last_modified) != 0;
}

static bool is_other_total(const struct http_head *head, const struct part *part)
{
	return part->total >= 0 && head->range_total >= 0 &&
	       head->range_total != part->total;
}

static enum answer judge_partial(const struct http_head *head, const struct part *part,
	int64_t from, const char **why, struct err *err)
{
	if (from == 0) {
		if (head->range_first == 0 && head->range_total > 0 &&
			head->range_last == head->range_total - 1)
			return ANSWER_BODY;
		err_set(err, ERR_TRANSIENT,
			"%s answered with a piece of the file that was not asked for",
			head->host);
		return ANSWER_REFUSED;
	}
	if (is_other_file(head, part) || is_other_total(head, part)) {
		*why = "the file changed at the source: started over";
		return ANSWER_ANEW;
	}
	if (head->range_first != from || head->range_last < from) {
		*why = "the server sent another range than asked for: started over";
		return ANSWER_ANEW;
	}
	return ANSWER_REST;
}

/* The server has nothing beyond @from: either we have all, or it is another file. */
static enum answer judge_beyond(const struct http_head *head, const struct part *part,
	int64_t from, const char **why, struct err *err)
{
	if (from == 0) {
		err_set(err, ERR_PERMANENT,
			"%s answered 416 though the whole file was asked for",
			head->host);
		return ANSWER_REFUSED;
	}
	if (head->range_total == from && !is_other_file(head, part) &&
		!is_other_total(head, part))
		return ANSWER_HAVE;
	*why = "the server does not know the rest of this file: started over";
	return ANSWER_ANEW;
}

int answer_slice(struct http_head *head, int64_t first, int64_t bytes, struct err *err)
{
	if (head->status == 200)
		return err_set(err, ERR_TRANSIENT,
			"%s answered with the whole file instead of a range of it",
			head->host);
	if (head->status != 206)
		return 0;
	if (head->range_first < first || head->range_last != first + bytes - 1)
		return err_set(err, ERR_TRANSIENT,
			"%s answered with other bytes of the file than were asked for",
			head->host);
	head->range_first -= first;
	head->range_last -= first;
	head->range_total = bytes;
	head->etag[0] = '\0'; /* of the larger file: proves nothing of the slice */
	return 0;
}

enum err_class answer_status_class(int status)
{
	switch (status) {
	case 401:
	case 403:
	case 410:
		return ERR_STALE;
	case 404:
		return ERR_NOT_YET;
	case 408:
	case 425:
	case 429:
		return ERR_TRANSIENT;
	default:
		return status >= 400 && status < 500 ? ERR_PERMANENT : ERR_TRANSIENT;
	}
}

static void refuse(const struct http_head *head, struct err *err)
{
	enum err_class class = answer_status_class(head->status);
	err_set(err, class, "%s answered %d%s", head->host, head->status,
		class == ERR_STALE     ? ": the link is refused or has expired"
		: class == ERR_NOT_YET ? ": the file is not there"
				       : "");
	err->retry_after_ms = head->retry_after_ms > 0 ? head->retry_after_ms : 0;
}

static bool is_encoded(const struct http_head *head)
{
	return head->content_encoding[0] &&
	       strcasecmp(head->content_encoding, "identity") != 0;
}

enum answer answer_judge(const struct http_head *head, const struct part *part,
	int64_t from, const char **why, struct err *err)
{
	switch (head->status) {
	case 200:
	case 206:
		if (is_encoded(head)) {
			err_set(err, ERR_TRANSIENT,
				"%s answered with content encoding \"%s\", which was not "
				"asked for",
				head->host, head->content_encoding);
			return ANSWER_REFUSED;
		}
		return head->status == 200 ? ANSWER_BODY
					   : judge_partial(head, part, from, why, err);
	case 400:
		return ANSWER_READ;
	case 416:
		return judge_beyond(head, part, from, why, err);
	default:
		refuse(head, err);
		return ANSWER_REFUSED;
	}
}

int answer_explained(const struct http_head *head, const char *body, struct err *err)
{
	if (strchr(body, '<') && strcasestr(body, "expired"))
		return err_set(err, ERR_STALE, "%s answered %d: the link has expired",
			head->host, head->status);
	refuse(head, err);
	return -(int)err->class;
}
