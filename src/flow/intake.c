/*
 * Intake: one delivery from bytes to an answer.
 *
 *   route ► body ► verify ► parse ► store (group commit) ► answer
 *                                └► series (a picture)  ─┘
 *
 * Ends: 200 stored, duplicate, probe or not acted on; 400 signed but unusable; 401 and
 * 429 unverified; 404, 405, 413 before anything is read; 503 when the store cannot
 * commit or the archive cannot keep a picture.
 */
#include <config.h>

#include "flow/intake.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/rule.h"
#include "flow/limiter.h"
#include "flow/series.h"
#include "platform/redact.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOOKS_PREFIX "/hooks/"
/* More than this waiting for a commit means that the store is not keeping up. */
#define PENDING_MAX 20000
/* A rejected body is kept for explain, but only its beginning. */
#define REJECTED_BODY_MAX 4096
/* So many bad signatures in a row are more than a scanner: the secret may be wrong. */
#define BAD_SIGNATURES_WARN 5

struct intake {
	struct intake_options o;
	struct settings *settings;
	struct limiter *limiter;
	struct series *series;
	int *bad_signatures; /* in a row, by workspace */
	size_t pending;
};

/* A delivery between the store and its answer. */
struct waiting {
	struct intake *intake;
	struct http_in *in; /* NULL: the client went away */
	char *workspace;
	enum event_kind kind;
	bool names_asset;
	enum delivery_outcome outcome;
	int64_t at_ns;
};

static void count(const char *outcome)
{
	metric_add(METRIC_DELIVERIES, outcome, 1);
}

/* ---- routing ---- */

static const struct workspace_config *route(
	const struct intake *intake, const struct http_in *in, size_t *index)
{
	const struct config *config = intake->settings->config;
	const char *path = http_in_path(in);

	if (strncmp(path, HOOKS_PREFIX, strlen(HOOKS_PREFIX)) != 0)
		return NULL;
	path += strlen(HOOKS_PREFIX);
	for (size_t i = 0; i < config->n_workspaces; i++) {
		if (strcmp(config->workspaces[i].name, path) == 0) {
			*index = i;
			return &config->workspaces[i];
		}
	}
	return NULL;
}

static bool is_jpeg(const struct http_in *in)
{
	const char *type = http_in_header(in, "Content-Type");

	return type && strncasecmp(type, "image/jpeg", strlen("image/jpeg")) == 0;
}

static int64_t on_begin(void *arg, struct http_in *in)
{
	struct intake *intake = arg;
	const struct config *config = intake->settings->config;
	const struct workspace_config *ws;
	size_t index;

	ws = route(intake, in, &index);
	if (!ws) {
		count("unknown_path");
		http_reply_text(in, 404, "no such workspace");
		return -1;
	}
	if (strcmp(http_in_method(in), "POST") != 0) {
		struct http_reply reply = { .status = 405,
			.headers = { { "Allow", "POST" } } };

		count("wrong_method");
		http_reply(in, &reply);
		return -1;
	}
	if (ws->platform == PLATFORM_OPTIVIEW && is_jpeg(in))
		return config->receiver.max_image;
	return config->receiver.max_body;
}

/* ---- unverified ---- */

static void unverified(
	struct intake *intake, struct http_in *in, size_t index, bool missing)
{
	const struct workspace_config *ws =
		&intake->settings->config->workspaces[index];
	const char *address = http_in_address(in);
	struct log_about about = { .workspace = ws->name };
	char key[96];

	if (!limiter_allow(intake->limiter, address, clock_system.mono_ms())) {
		struct http_reply reply = { .status = 429,
			.headers = { { "Retry-After", "60" } } };

		count("rate_limited");
		http_reply(in, &reply);
		return;
	}
	count(missing ? "unsigned" : "bad_signature");
	log_info(&about, "a delivery from %s %s: refused", address,
		missing ? "is not signed" : "has a wrong signature");
	http_reply_text(in, 401, "bad signature");
	if (missing || ++intake->bad_signatures[index] < BAD_SIGNATURES_WARN)
		return;
	snprintf(key, sizeof(key), "signature/%s", ws->name);
	warnings_set(intake->o.warnings, key, ws->name, false,
		"the last %d deliveries for workspace %s had wrong signatures: compare its "
		"webhook_secret with the platform's",
		intake->bad_signatures[index], ws->name);
}

static void verified(struct intake *intake, size_t index)
{
	char key[96];

	if (intake->bad_signatures[index] >= BAD_SIGNATURES_WARN) {
		snprintf(key, sizeof(key), "signature/%s",
			intake->settings->config->workspaces[index].name);
		warnings_clear(intake->o.warnings, key);
	}
	intake->bad_signatures[index] = 0;
}

/* ---- the store's answer ---- */

static void try_later(struct http_in *in)
{
	struct http_reply reply = { .status = 503,
		.headers = { { "Retry-After", "10" } } };

	http_reply(in, &reply);
}

static void refuse(struct http_in *in)
{
	count("store_failed");
	try_later(in);
}

static void act(const struct waiting *waiting, const struct delivery_result *result)
{
	struct intake *intake = waiting->intake;

	if (!intake->o.keeper)
		return;
	if (!waiting->names_asset && waiting->kind == EVENT_DELETED)
		keeper_sweep(intake->o.keeper, waiting->workspace, waiting->at_ns);
	else if (result->due)
		keeper_news(intake->o.keeper, waiting->workspace, result->asset_row,
			waiting->kind == EVENT_DELETED ||
				waiting->kind == EVENT_FAILED);
}

static void on_stored(
	void *arg, const struct err *err, const struct delivery_result *result)
{
	struct waiting *waiting = arg;
	struct intake *intake = waiting->intake;
	struct http_in *in = waiting->in;

	intake->pending--;
	if (in)
		http_in_set_user(in, NULL);
	if (err->class != ERR_NONE) {
		warnings_set(intake->o.warnings, "store", waiting->workspace, true,
			"deliveries cannot be stored and are answered 503: %s",
			err->text);
		if (in)
			refuse(in);
	} else {
		warnings_clear(intake->o.warnings, "store");
		if (waiting->outcome != DELIVERED_REJECTED) /* counted already */
			count(result->duplicate
					? "duplicate"
					: delivery_outcome_name(waiting->outcome));
		if (in)
			http_reply_text(in, 200, NULL);
		if (waiting->outcome == DELIVERED_ACCEPTED && !result->duplicate)
			act(waiting, result);
	}
	free(waiting->workspace);
	free(waiting);
}

static void put(struct intake *intake, struct http_in *in, struct delivery *delivery)
{
	struct waiting *waiting = mem_alloc(sizeof(*waiting));

	waiting->intake = intake;
	waiting->in = in;
	waiting->workspace = mem_strdup(delivery->workspace);
	waiting->kind = delivery->event.kind;
	waiting->names_asset = delivery->event.asset_id != NULL;
	waiting->outcome = delivery->outcome;
	waiting->at_ns =
		delivery->event.at_ns ? delivery->event.at_ns : delivery->received_ns;
	if (in)
		http_in_set_user(in, &waiting->in);
	intake->pending++;
	store_put_delivery(intake->o.store, delivery, on_stored, waiting);
}

/* ---- pictures ---- */

/* A picture between the archive and its answer. */
struct waiting_picture {
	struct http_in *in; /* NULL: the client went away */
};

static void on_picture(void *arg, enum series_outcome outcome)
{
	static const char *const outcomes[] = {
		[SERIES_KEPT] = "image_kept",
		[SERIES_DUPLICATE] = "duplicate",
		[SERIES_LOST] = "image_lost",
	};
	struct waiting_picture *waiting = arg;
	struct http_in *in = waiting->in;

	free(waiting);
	count(outcomes[outcome]);
	if (!in)
		return;
	http_in_set_user(in, NULL);
	if (outcome == SERIES_LOST)
		try_later(in);
	else
		http_reply_text(in, 200, NULL);
}

static void take_picture(struct intake *intake, struct http_in *in,
	const struct workspace_config *ws, const struct delivery_input *input)
{
	const struct config *config = intake->settings->config;
	struct picture picture = {
		.stream_id = input->image_stream_id,
		.timestamp = input->image_timestamp,
		.data = input->body,
		.len = input->len,
	};
	struct waiting_picture *waiting;

	if (!series_wants(config, ws->name, picture.stream_id)) {
		count("image");
		http_reply_text(in, 200, NULL);
		return;
	}
	waiting = mem_alloc(sizeof(*waiting));
	waiting->in = in;
	if (!series_keep(
		    intake->series, config, ws->name, &picture, on_picture, waiting)) {
		free(waiting);
		count("image_lost");
		try_later(in);
		return;
	}
	http_in_set_user(in, &waiting->in);
}

/* ---- verified ---- */

static void keep_rejected(struct intake *intake, const char *workspace,
	const void *body, size_t len, const char *why)
{
	struct delivery *delivery = delivery_new();
	char sha256[DIGEST_SHA256_HEX];
	char *start = mem_strndup(
		body ? body : "", len < REJECTED_BODY_MAX ? len : REJECTED_BODY_MAX);

	sha256_hex_of(body, len, sha256);
	delivery->workspace = mem_strdup(workspace);
	delivery->outcome = DELIVERED_REJECTED;
	delivery->event.key = mem_printf("sha256:%s", sha256);
	delivery->event.type = mem_strdup("rejected");
	delivery->note = mem_strdup(why);
	delivery->body = redact_text(start);
	free(start);
	delivery->body_len = strlen(delivery->body);
	delivery->received_ns = clock_system.wall_ns();
	put(intake, NULL, delivery);
}

static void take(struct intake *intake, struct http_in *in,
	const struct workspace_config *ws, const struct platform *platform,
	const void *body, size_t len)
{
	struct delivery_input input = {
		.body = body,
		.len = len,
		.content_type = is_jpeg(in) ? "image/jpeg" : "application/json",
		.image_stream_id = http_in_header(in, "x-millicast-stream-id"),
		.image_timestamp = http_in_header(in, "x-millicast-timestamp"),
	};
	struct delivery *delivery = delivery_new();
	struct log_about about = { .workspace = ws->name };
	enum delivery_verdict verdict;
	struct err err = { 0 };

	verdict = platform->parse(ws, &input, &delivery->event, &delivery->body, &err);
	about.asset = delivery->event.asset_id;
	delivery->workspace = mem_strdup(ws->name);
	delivery->body_len = delivery->body ? strlen(delivery->body) : 0;
	delivery->received_ns = clock_system.wall_ns();
	switch (verdict) {
	case DELIVERY_EVENT:
	case DELIVERY_FOREIGN:
		delivery->outcome = verdict == DELIVERY_FOREIGN ? DELIVERED_FOREIGN
				    : delivery->event.kind == EVENT_RECORDED
					    ? DELIVERED_RECORDED
					    : DELIVERED_ACCEPTED;
		log_debug(&about, "received %s", delivery->event.type);
		delivery->priority = rule_choose(
			intake->settings->config, ws->name, &delivery->event.facts)
					     ->priority;
		put(intake, in, delivery);
		return;
	case DELIVERY_PROBE:
		count("probe");
		http_reply_text(in, 200, NULL);
		break;
	case DELIVERY_IMAGE:
		take_picture(intake, in, ws, &input);
		break;
	case DELIVERY_REJECT:
		count("rejected");
		log_warn(&about,
			"a signed delivery is unusable: %s; answered 400 and kept",
			err.text);
		http_reply_text(in, 400, err.text);
		keep_rejected(intake, ws->name, body, len, err.text);
		break;
	}
	delivery_free(delivery);
}

static void on_request(void *arg, struct http_in *in)
{
	struct intake *intake = arg;
	const struct workspace_config *ws;
	const struct platform *platform;
	const char *signature;
	const void *body;
	size_t len, index;

	ws = route(intake, in, &index);
	if (!ws) { /* a reload took it away while the body arrived */
		http_reply_text(in, 404, "no such workspace");
		return;
	}
	platform = platform_of(ws->platform);
	body = http_in_body(in, &len);
	signature = http_in_header_count(in, platform->signature_header) == 1
			    ? http_in_header(in, platform->signature_header)
			    : NULL;
	if (!signature && platform->is_validation(body, len)) {
		count("validation");
		http_reply_text(in, 200, NULL);
		return;
	}
	if (!platform->verify(intake->settings->secrets[index],
		    intake->settings->n_secrets[index], signature, body, len)) {
		unverified(intake, in, index, signature == NULL);
		return;
	}
	verified(intake, index);
	if (store_pending(intake->o.store) > PENDING_MAX) {
		refuse(in);
		return;
	}
	take(intake, in, ws, platform, body, len);
}

/* A request's user is where the one who waits for its answer keeps it. */
static void on_gone(void *arg, struct http_in *in)
{
	struct http_in **waiting = http_in_user(in);

	(void)arg;
	if (waiting)
		*waiting = NULL;
}

/* ---- life ---- */

int intake_open(
	struct intake **out, const struct intake_options *options, struct err *err)
{
	struct intake *intake = mem_alloc(sizeof(*intake));
	struct series_options series = {
		.loop = options->loop,
		.archive = options->archive,
		.archive_id = options->archive_id,
		.warnings = options->warnings,
	};

	(void)err;
	intake->o = *options;
	intake->series = series_new(&series);
	intake->settings = settings_ref(options->settings);
	intake->limiter = limiter_new();
	intake->bad_signatures = mem_array(options->settings->config->n_workspaces + 1,
		sizeof(*intake->bad_signatures));
	*out = intake;
	return 0;
}

void intake_reload(struct intake *intake, struct settings *settings)
{
	settings_unref(intake->settings);
	intake->settings = settings_ref(settings);
	free(intake->bad_signatures);
	intake->bad_signatures = mem_array(
		settings->config->n_workspaces + 1, sizeof(*intake->bad_signatures));
}

struct http_server_handler intake_handler(struct intake *intake)
{
	return (struct http_server_handler){
		.begin = on_begin,
		.request = on_request,
		.gone = on_gone,
		.arg = intake,
	};
}

void intake_detach(struct intake *intake)
{
	intake->o.keeper = NULL;
}

void intake_close(struct intake *intake)
{
	if (!intake)
		return;
	settings_unref(intake->settings);
	limiter_free(intake->limiter);
	series_free(intake->series);
	free(intake->bad_signatures);
	free(intake);
}

size_t intake_pending(const struct intake *intake)
{
	return intake->pending + series_pending(intake->series);
}
