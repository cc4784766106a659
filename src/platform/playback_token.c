/*
 * FastPix: RS256, the key named in header and claims, aud "media:PLAYBACK_ID"
 * (fastpix.md §4; the sources that say media id instead contradict the players).
 *
 * OptiView: the payload is documented, the algorithm is not (optiview.md §4). The key
 * is a text of the team's own choice, so it is a shared one: HS256.
 */
#include <config.h>

#include "platform/playback_token.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rsa_key.h"
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define TOKEN_MAX     8192

bool playback_key_given(const struct workspace_config *ws)
{
	return ws->signing_key && ws->signing_key_id;
}

bool playback_wants_token(
	const struct workspace_config *ws, const struct source *source)
{
	return source->token_for && playback_key_given(ws);
}

bool playback_token_is_spent(int64_t made_ns, int64_t now_ns)
{
	int64_t sure_s = PLAYBACK_TOKEN_SECONDS - PLAYBACK_TOKEN_SLACK_SECONDS;

	return now_ns - made_ns >= sure_s * NS_PER_SECOND;
}

/* base64url without padding (RFC 7515 §2). */
static void put_base64url(const void *data, size_t len, struct buf *out)
{
	struct buf text;

	buf_init(&text, TOKEN_MAX);
	base64_encode(data, len, &text);
	for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
		char c = text.data[i];
		buf_char(out, c == '+' ? '-' : c == '/' ? '_' : c);
	}
	buf_release(&text);
}

static void put_part(cJSON *part, struct buf *out)
{
	char *text = json_print(part, false);

	put_base64url(text, strlen(text), out);
	free(text);
	cJSON_Delete(part);
}

static cJSON *header(const char *algorithm, const char *key_id)
{
	cJSON *value = cJSON_CreateObject();

	json_add_text(value, "alg", algorithm);
	json_add_text(value, "typ", "JWT");
	if (key_id)
		json_add_text(value, "kid", key_id);
	return value;
}

static int put_fastpix(const struct workspace_config *ws, const char *media,
	int64_t now_s, struct buf *out, struct err *err)
{
	cJSON *claims = cJSON_CreateObject();
	struct rsa_key *key = NULL;
	struct buf signature;
	char *audience = mem_printf("media:%s", media);

	json_add_text(claims, "kid", ws->signing_key_id);
	json_add_text(claims, "aud", audience);
	json_add_text(claims, "iss", "fastpix.com");
	json_add_text(claims, "sub", "");
	json_add_int(claims, "iat", now_s - PLAYBACK_TOKEN_SLACK_SECONDS);
	json_add_int(claims, "exp", now_s + PLAYBACK_TOKEN_SECONDS);
	free(audience);
	put_part(header("RS256", ws->signing_key_id), out);
	buf_char(out, '.');
	put_part(claims, out);
	buf_init(&signature, TOKEN_MAX);
	int rc = rsa_key_read(ws->signing_key, &key, err);
	if (!rc)
		rc = rsa_key_sign(key, buf_text(out), out->len, &signature, err);
	buf_char(out, '.');
	put_base64url(signature.data, signature.len, out);
	buf_release(&signature);
	rsa_key_free(key);
	return rc;
}

static void put_optiview(const struct workspace_config *ws, const char *media,
	int64_t now_s, struct buf *out)
{
	unsigned char mac[DIGEST_MAX];
	cJSON *claims = cJSON_CreateObject();

	json_add_text(claims, "mediaKeyId", ws->signing_key_id);
	json_add_text(claims, "mediaAssetId", media);
	json_add_int(claims, "exp", now_s + PLAYBACK_TOKEN_SECONDS);
	put_part(header("HS256", NULL), out);
	buf_char(out, '.');
	put_part(claims, out);
	size_t len = hmac(DIGEST_SHA256, ws->signing_key, strlen(ws->signing_key),
		buf_text(out), out->len, mac);
	buf_char(out, '.');
	put_base64url(mac, len, out);
}

int playback_token(const struct workspace_config *ws, const char *media, int64_t now_ns,
	char **out, struct err *err)
{
	int64_t now_s = now_ns / NS_PER_SECOND;
	struct buf token;
	int rc = 0;

	buf_init(&token, TOKEN_MAX);
	if (ws->platform == PLATFORM_FASTPIX)
		rc = put_fastpix(ws, media, now_s, &token, err);
	else
		put_optiview(ws, media, now_s, &token);
	if (!rc && token.overflow)
		rc = err_set(err, ERR_INPUT, "is too long for a token");
	if (!rc) {
		*out = mem_strdup(buf_text(&token));
		buf_release(&token);
		return 0;
	}
	buf_release(&token);
	if (err)
		err_wrap(err, "signing_key");
	return rc;
}

/* Before a fragment, behind a query that is there. */
static char *with_token(const char *url, const char *token)
{
	size_t len = strcspn(url, "#");
	bool query = memchr(url, '?', len) != NULL;

	return mem_printf(
		"%.*s%ctoken=%s%s", (int)len, url, query ? '&' : '?', token, url + len);
}

int playback_url(const struct workspace_config *ws, const struct source *source,
	int64_t now_ns, char **out, struct err *err)
{
	char *token = NULL;

	if (!playback_wants_token(ws, source)) {
		*out = mem_strdup(source->url);
		return 0;
	}
	int rc = playback_token(ws, source->token_for, now_ns, &token, err);
	if (rc)
		return rc;
	*out = with_token(source->url, token);
	mem_free_secret(token);
	return 0;
}
