/*
 * Tokens for media that plays only with one: JSON Web Tokens (RFC 7519), signed with
 * the workspace's key, each for one playback id or asset and for minutes. A token is
 * made for an attempt and lives in its URL, in memory; it is never stored or logged.
 */
#ifndef VODKEEP_PLATFORM_PLAYBACK_TOKEN_H
#define VODKEEP_PLATFORM_PLAYBACK_TOKEN_H

#include "core/config.h"
#include "core/record.h"

/* How long a token is good. A download that has begun goes on beyond it. */
#define PLAYBACK_TOKEN_SECONDS 600
/* The platform's clock may be behind ours by so much. */
#define PLAYBACK_TOKEN_SLACK_SECONDS 60

/* Whether @ws has what makes tokens. */
bool playback_key_given(const struct workspace_config *ws);
/* Whether the URL of @source gets one. */
bool playback_wants_token(
	const struct workspace_config *ws, const struct source *source);
/* Whether a token made at @made_ns may be refused at @now_ns for its age alone. */
bool playback_token_is_spent(int64_t made_ns, int64_t now_ns);
/* The token for @media, FastPix' playback id or OptiView's asset id, good from @now_ns.
 * Caller frees with mem_free_secret(). ERR_INPUT when the key cannot sign. */
int playback_token(const struct workspace_config *ws, const char *media, int64_t now_ns,
	char **out, struct err *err);
/* The URL to fetch @source with at @now_ns, with a token where the source wants one and
 * there is a key. Caller frees with mem_free_secret(). */
int playback_url(const struct workspace_config *ws, const struct source *source,
	int64_t now_ns, char **out, struct err *err);

#endif
