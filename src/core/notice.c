/*
 * Standard Webhooks sign "id.timestamp.body": the receiver can tell an old message that
 * somebody sends again from a new one.
 */
#include <config.h>

#include "core/notice.h"

#include "base/digest.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define SECRET_PREFIX "whsec_"
#define SECRET_MAX    4096

static const char *const kind_names[NOTICE_KINDS] = {
	[NOTICE_POST] = "notify",
	[NOTICE_RUN] = "after",
};

const char *notice_kind_name(enum notice_kind kind)
{
	return kind_names[kind];
}

int notice_kind_parse(const char *name, enum notice_kind *kind)
{
	for (int i = 0; i < NOTICE_KINDS; i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*kind = (enum notice_kind)i;
			return 0;
		}
	}
	return -1;
}

struct notice *notices_add(struct notices *notices)
{
	notices->items =
		mem_grow(notices->items, notices->n + 1, sizeof(*notices->items));
	struct notice *notice = &notices->items[notices->n++];
	memset(notice, 0, sizeof(*notice));
	return notice;
}

void notice_release(struct notice *notice)
{
	free(notice->rule);
	free(notice->workspace);
	free(notice->id);
	free(notice->event);
	free(notice->change);
	free(notice->key);
	free(notice->body);
	memset(notice, 0, sizeof(*notice));
}

void notices_release(struct notices *notices)
{
	for (size_t i = 0; i < notices->n; i++)
		notice_release(&notices->items[i]);
	free(notices->items);
	*notices = (struct notices){ 0 };
}

void notice_copy(struct notice *to, const struct notice *from)
{
	*to = *from;
	to->rule = mem_strdup(from->rule);
	to->workspace = mem_strdup(from->workspace);
	to->id = mem_strdup(from->id);
	to->event = mem_strdup(from->event);
	to->change = mem_strdup(from->change);
	to->key = mem_strdup(from->key);
	to->body = mem_strdup(from->body);
}

int notice_secret(const char *text, struct buf *out, struct err *err)
{
	size_t prefix = strlen(SECRET_PREFIX);
	bool strict = true;
	buf_init(out, SECRET_MAX);
	if (strncmp(text, SECRET_PREFIX, prefix) != 0)
		buf_str(out, text);
	else if (base64_decode(text + prefix, strlen(text + prefix), out, &strict) != 0)
		strict = false;
	if (strict && out->len && !out->overflow)
		return 0;
	buf_release(out);
	return err_set(err, ERR_INPUT,
		"is not base64 behind whsec_; expected the secret as the receiver shows "
		"it");
}

void notice_sign(const struct buf *secret, const char *key, int64_t at_s,
	const char *body, struct buf *out)
{
	unsigned char mac[DIGEST_MAX];
	char *signed_text = mem_printf("%s.%lld.%s", key, (long long)at_s, body);
	size_t len = hmac(DIGEST_SHA256, secret->data, secret->len, signed_text,
		strlen(signed_text), mac);
	buf_str(out, "v1,");
	base64_encode(mac, len, out);
	free(signed_text);
}
