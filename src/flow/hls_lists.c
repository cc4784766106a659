/*
 * Playlists and keys: small answers, fetched on the control loop under the workspace's
 * host policy. What a playlist's text means is the pool's business; a key is taken when
 * it is sixteen bytes, kept in memory alone, and wiped.
 */
#include <config.h>

#include "flow/hls_priv.h"

#include "base/mem.h"
#include "base/url.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ANSWER_MAX 4096
#define KEYS_AT_ONCE   4

/* ---- one call ---- */

static void fail_fetch(struct fetch *fetch, const struct err *err, const char *what)
{
	struct hls *hls = fetch->hls;
	struct err told = *err;

	if (err->class == ERR_CANCELLED && hls->ending)
		return;
	err_wrap(&told, "%s", what);
	hls_fail(hls, &told);
}

static void on_answer(
	void *arg, const struct err *err, const struct http_response *answer)
{
	struct fetch *fetch = arg;
	struct hls *hls = fetch->hls;
	struct err told;

	LIST_REMOVE(fetch, link);
	if (!answer) {
		fail_fetch(fetch, err, "the playlist");
	} else if (answer->status != 200) {
		err_set(&told, answer_status_class(answer->status), "%s answered %d",
			hls->host, answer->status);
		told.retry_after_ms = answer->retry_after_ms;
		fail_fetch(fetch, &told,
			hls->state == HLS_KEYS ? "a key of the playlist"
					       : "the playlist");
	} else if (!hls->ending) {
		fetch->then(fetch, answer);
	}
	free(fetch);
	hls->hooks->advance(hls);
}

static void get(struct hls *hls, const char *url, size_t max, size_t index,
	void (*then)(struct fetch *fetch, const struct http_response *answer))
{
	struct fetch *fetch = mem_alloc(sizeof(*fetch));
	struct http_request request;

	fetch->hls = hls;
	fetch->then = then;
	fetch->index = index;
	LIST_INSERT_HEAD(&hls->fetches, fetch, link);
	http_request_init(&request, "GET", mem_strdup(url));
	fetch->call = http_fetch(
		hls->env.client, &request, &hls->policy, max, on_answer, fetch);
	http_request_release(&request);
}

void hls_cancel_fetches(struct hls *hls)
{
	struct fetch *fetch;

	for (fetch = LIST_FIRST(&hls->fetches); fetch; fetch = LIST_NEXT(fetch, link))
		http_call_cancel(fetch->call);
}

/* ---- playlists ---- */

static void keep_body(
	const struct http_response *answer, char **body, size_t *len, char **base)
{
	mem_free_secret(*body);
	*body = mem_alloc(answer->body_len + 1);
	memcpy(*body, answer->body, answer->body_len);
	*len = answer->body_len;
	mem_free_secret(*base);
	*base = mem_strdup(answer->url);
}

static void on_master(struct fetch *fetch, const struct http_response *answer)
{
	struct hls *hls = fetch->hls;

	keep_body(answer, &hls->master_body, &hls->master_len, &hls->master_base);
}

static void on_list(struct fetch *fetch, const struct http_response *answer)
{
	struct track *track = &fetch->hls->tracks[fetch->index];

	keep_body(answer, &track->body, &track->body_len, &track->base);
}

/* First the one that was given; when that has been picked from, those it leads to. */
void hls_fetch_lists(struct hls *hls)
{
	if (!hls->picked)
		get(hls, hls->url, M3U8_BYTES_MAX, 0, on_master);
	for (size_t i = 0; hls->picked && i < hls->n_tracks; i++)
		if (hls->tracks[i].url)
			get(hls, hls->tracks[i].url, M3U8_BYTES_MAX, i, on_list);
}

/* ---- keys ---- */

static char *key_url(const struct track *track, int key)
{
	return url_resolve(track->base, track->list.keys[key].uri);
}

static struct hls_key *find_key(const struct hls *hls, const char *url)
{
	for (size_t i = 0; i < hls->n_keys; i++)
		if (strcmp(hls->keys[i].url, url) == 0)
			return &hls->keys[i];
	return NULL;
}

const struct hls_key *hls_key_of(
	const struct hls *hls, const struct track *track, int key)
{
	char *url = key_url(track, key);
	const struct hls_key *found = url ? find_key(hls, url) : NULL;

	mem_free_secret(url);
	return found;
}

static void want_key(struct hls *hls, const struct track *track, int key)
{
	char *url = key_url(track, key);
	struct err err;

	if (!url) {
		err_set(&err, ERR_PERMANENT,
			"the playlist names a key where none can be fetched");
		hls_fail(hls, &err);
		return;
	}
	if (find_key(hls, url)) {
		mem_free_secret(url);
		return;
	}
	hls->keys = mem_grow(hls->keys, hls->n_keys + 1, sizeof(*hls->keys));
	memset(&hls->keys[hls->n_keys], 0, sizeof(*hls->keys));
	hls->keys[hls->n_keys++].url = url;
}

static void want_keys(struct hls *hls)
{
	for (size_t i = 0; i < hls->n_tracks; i++) {
		const struct track *track = &hls->tracks[i];
		int last = -1;

		for (size_t p = track->n_held; p < track->n_pieces && !hls->ending;
			p++) {
			struct m3u8_range range;
			const char *uri;
			int key;

			piece_source(track, &track->pieces[p], &uri, &range, &key);
			if (key >= 0 && key != last)
				want_key(hls, track, key);
			last = key;
		}
	}
}

static void on_key(struct fetch *fetch, const struct http_response *answer)
{
	struct hls *hls = fetch->hls;
	struct hls_key *key = &hls->keys[fetch->index];
	struct err err;

	if (answer->body_len == CIPHER_BLOCK) {
		memcpy(key->bytes, answer->body, CIPHER_BLOCK);
		key->have = true;
		return;
	}
	err_set(&err, ERR_TRANSIENT,
		"a key of the playlist is %zu bytes long instead of %d (not AES-128, or "
		"an error page)",
		answer->body_len, CIPHER_BLOCK);
	hls_fail(hls, &err);
}

bool hls_fetch_keys(struct hls *hls)
{
	bool all = true;
	int running = 0;
	struct fetch *fetch;

	if (hls->n_keys == 0)
		want_keys(hls);
	for (fetch = LIST_FIRST(&hls->fetches); fetch; fetch = LIST_NEXT(fetch, link))
		running++;
	for (size_t i = 0; i < hls->n_keys && !hls->ending; i++) {
		struct hls_key *key = &hls->keys[i];

		all &= key->have;
		if (key->asked || running >= KEYS_AT_ONCE)
			continue;
		key->asked = true;
		running++;
		get(hls, key->url, KEY_ANSWER_MAX, i, on_key);
	}
	return all && !hls->ending;
}

void hls_keys_release(struct hls *hls)
{
	for (size_t i = 0; i < hls->n_keys; i++) {
		mem_free_secret(hls->keys[i].url);
		explicit_bzero(&hls->keys[i], sizeof(hls->keys[i]));
	}
	free(hls->keys);
	hls->keys = NULL;
	hls->n_keys = 0;
}
