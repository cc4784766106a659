/*
 * What differs between platforms: how a delivery is signed and read, how the API is
 * asked and its answers read. Pure: bytes and values in, values out; flow/ does the
 * talking. What a new platform takes is in doc/HACKING.md.
 */
#ifndef VODKEEP_PLATFORM_PLATFORM_H
#define VODKEEP_PLATFORM_PLATFORM_H

#include "base/http.h"
#include "core/config.h"
#include "core/event.h"
#include "core/record.h"

/* A decoded webhook secret. */
struct hook_secret {
	unsigned char *key;
	size_t len;
};

enum delivery_verdict {
	DELIVERY_EVENT,   /* an event, acted on or merely recorded */
	DELIVERY_PROBE,   /* a signed object without type or id: 200, not stored */
	DELIVERY_FOREIGN, /* an event of another workspace: recorded, not acted on */
	DELIVERY_REJECT,  /* not JSON, or lacks what the event needs: 400, see err */
	DELIVERY_IMAGE,   /* a signed JPEG (OptiView thumbnail hook) */
};

/* A delivery as received. Header values are NULL when absent. */
struct delivery_input {
	const void *body;
	size_t len;
	const char *content_type;    /* lower case, without parameters */
	const char *image_stream_id; /* x-millicast-stream-id: unsigned, untrusted */
	const char *image_timestamp; /* x-millicast-timestamp: likewise */
};

/* What a page of the platform's list holds. */
struct list_entry {
	char *id;
	struct record record; /* sources may be empty: lists need not carry links */
};
struct list_page {
	struct list_entry *entries;
	size_t count;
	bool last;     /* no further page */
	int64_t total; /* -1 unknown */
};

/* The webhook that delivers to a workspace, as the platform has it. */
struct hook_state {
	bool found;
	bool media;    /* it sends what vodkeep acts on */
	bool disabled; /* by the platform, until_ns (0 unknown) */
	int64_t until_ns;
	char reason[160]; /* "" none */
};

struct platform {
	const char *name;  /* "fastpix" */
	const char *title; /* "FastPix", for sentences */
	enum platform_kind kind;
	const char *signature_header; /* "FastPix-Signature" */
	/* defaults, or NULL */
	const char *api_url, *stream_url, *image_url, *media_hosts;

	/* The value of signature_header for @body; caller frees. */
	char *(*sign)(const struct hook_secret *secret, const void *body, size_t len);
	/* Whether @header (trimmed by the callee; NULL: absent) signs @body under any
	 * of the @secrets. Constant time per secret. */
	bool (*verify)(const struct hook_secret *secrets, size_t n, const char *header,
		const void *body, size_t len);
	/* Unsigned bodies the platform sends to validate a URL: answered 200, not
	 * stored. */
	bool (*is_validation)(const void *body, size_t len);
	/* Read a verified delivery. On EVENT and FOREIGN @event is filled and *redacted
	 * is the body as JSON without secrets and signed URLs (caller frees); on REJECT
	 * err says what is wrong and @event may be partly filled. @event is
	 * initialised. */
	enum delivery_verdict (*parse)(const struct workspace_config *ws,
		const struct delivery_input *in, struct event *event, char **redacted,
		struct err *err);

	/* GET one asset. */
	void (*details_request)(const struct workspace_config *ws, const char *id,
		struct http_request *out);
	/* Read the answer. @record is initialised here, whatever comes; release it.
	 * 0 with *record filled (RECORD_UNKNOWN for "does not exist"), or
	 * the class: AUTH (credentials refused), TRANSIENT (429, 5xx, HTML, cut JSON;
	 * with retry_after_ms), PERMANENT (the request itself is refused). */
	int (*details_response)(const struct workspace_config *ws, const char *id,
		const struct http_response *answer, struct record *record,
		struct err *err);
	/* GET page @page (from 1) of the list, oldest first where the platform can. */
	void (*list_request)(const struct workspace_config *ws, int page, int limit,
		struct http_request *out);
	/* @page is overwritten, and empty on failure. Classes as details_response(). */
	int (*list_response)(const struct workspace_config *ws,
		const struct http_response *answer, int limit, struct list_page *page,
		struct err *err);
	int list_limit; /* largest page */
	/* Ask for a rendition, named as source.ask. Both NULL where a platform makes
	 * none on demand. */
	void (*ask_request)(const struct workspace_config *ws, const char *id,
		const char *what, struct http_request *out);
	/* 0: it is being made; *had: it had been asked for before. NOT_YET when the
	 * platform does not know the media (yet), PERMANENT when it will not; else as
	 * details_response(). */
	int (*ask_response)(
		const struct http_response *answer, bool *had, struct err *err);
	/* Whether the webhook is on; both NULL where the platform does not tell. 0 with
	 * *hook, or the class as details_response(). */
	void (*hook_request)(
		const struct workspace_config *ws, struct http_request *out);
	int (*hook_response)(const struct workspace_config *ws,
		const struct http_response *answer, struct hook_state *hook,
		struct err *err);
	/* DELETE one asset at the platform (delete_remote). */
	void (*delete_request)(const struct workspace_config *ws, const char *id,
		struct http_request *out);
};

extern const struct platform platform_fastpix, platform_optiview;
const struct platform *platform_of(enum platform_kind kind);

/* Decode a configured webhook secret (base64, leniently). ERR_INPUT when it is empty or
 * not base64. *canonical (may be NULL) is false when the text is sloppy. */
int hook_secret_decode(
	const char *text, struct hook_secret *out, bool *canonical, struct err *err);
void hook_secret_release(struct hook_secret *secret); /* wipes */

void list_page_release(struct list_page *page);
/* The platform's own id of the workspace in an asset's platform data (JSON text, may be
 * NULL), or NULL; caller frees. */
char *platform_data_workspace(const char *data);

#endif
