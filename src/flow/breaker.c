/*
 * The hosts that fail at present, each with its breaker, its warning and what rests for
 * it. A host without failures has no entry, so the list is short; beyond its bound a
 * failing host is merely not left alone.
 */
#include <config.h>

#include "flow/breaker.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS_MAX 256
/* A host that comes back is found within this time, whatever retry_max says. */
#define DELAY_MOST_MS (INT64_C(5) * 60 * 1000)
#define PROBING_MS    1000
/* Without a verdict on the asset let through, the next one follows after this. */
#define NEXT_PROBE_MS 1000

struct host {
	char *way;
	struct breaker breaker;
	int64_t since_ns; /* of the first failure */
	char why[240];    /* the latest */
	int64_t let_ms;   /* monotonic: no other asset is let through before */
};

struct breakers {
	struct breakers_options o;
	struct breaker_limits limits;
	struct host *hosts;
	size_t count;
	size_t asked; /* of the store, not yet answered */
	bool gone;
};

/* ---- the list ---- */

static struct host *find(const struct breakers *breakers, const char *way)
{
	for (size_t i = 0; way && i < breakers->count; i++)
		if (strcmp(breakers->hosts[i].way, way) == 0)
			return &breakers->hosts[i];
	return NULL;
}

static bool is_down(const struct host *host)
{
	return host->breaker.state != BREAKER_CLOSED;
}

/* Make room: one that has failed, but is not left alone yet. */
static bool forget_one(struct breakers *breakers)
{
	for (size_t i = 0; i < breakers->count; i++) {
		if (is_down(&breakers->hosts[i]))
			continue;
		free(breakers->hosts[i].way);
		breakers->hosts[i] = breakers->hosts[--breakers->count];
		return true;
	}
	return false;
}

static struct host *obtain(struct breakers *breakers, const char *way)
{
	struct host *host = find(breakers, way);

	if (host)
		return host;
	if (breakers->count >= HOSTS_MAX && !forget_one(breakers))
		return NULL;
	breakers->hosts = mem_grow(
		breakers->hosts, breakers->count + 1, sizeof(*breakers->hosts));
	host = &breakers->hosts[breakers->count++];
	*host = (struct host){ .way = mem_strdup(way),
		.since_ns = clock_system.wall_ns() };
	return host;
}

static void count_down(const struct breakers *breakers)
{
	size_t down = 0;

	for (size_t i = 0; i < breakers->count; i++)
		down += is_down(&breakers->hosts[i]);
	metric_set(METRIC_HOSTS_DOWN, NULL, (double)down);
}

static void warning_key(const struct host *host, char *key, size_t size)
{
	snprintf(key, size, "host/%s", host->way);
}

static void forget(struct breakers *breakers, struct host *host)
{
	char key[640];

	warning_key(host, key, sizeof(key));
	warnings_clear(breakers->o.warnings, key);
	free(host->way);
	*host = breakers->hosts[--breakers->count];
	count_down(breakers);
}

/* ---- what rests ---- */

static void settle(struct breakers *breakers)
{
	if (--breakers->asked > 0 || !breakers->gone)
		return;
	free(breakers);
}

static void on_let_go(void *arg, const struct err *err, size_t count)
{
	struct breakers *breakers = arg;

	/* What the store could not do now is done at the next start at the latest; a
	 * store that fails has a warning of its own. */
	(void)err;
	(void)count;
	if (!breakers->gone)
		breakers->o.changed(breakers->o.arg);
	settle(breakers);
}

/* @way NULL: whatever rests. @limit 0: all of it. */
static void let_go(struct breakers *breakers, const char *way, size_t limit)
{
	breakers->asked++;
	store_host_answers(breakers->o.store, way, limit, on_let_go, breakers);
}

void breakers_rests(struct breakers *breakers, const char *way)
{
	const struct host *host = find(breakers, way);

	/* It may have answered while the asset was being stored. */
	if (!host || !is_down(host))
		let_go(breakers, way, 0);
}

/* ---- sentences ---- */

static int64_t again_ns(const struct host *host)
{
	int64_t left_ms = host->breaker.again_ms - clock_system.mono_ms();

	return clock_system.wall_ns() + (left_ms > 0 ? left_ms : 0) * NS_PER_MS;
}

bool breakers_explain(const struct breakers *breakers, const char *way, struct err *err,
	int64_t *when_ns)
{
	const struct host *host = find(breakers, way);
	char since[40], again[40];

	if (!host || !is_down(host))
		return false;
	*when_ns = again_ns(host);
	time_format_local(host->since_ns, since);
	time_format_local(*when_ns, again);
	err_set(err, ERR_TRANSIENT,
		"%s does not answer since %s (%s); tried again at %s", host->way, since,
		host->why, again);
	return true;
}

static void warn(const struct breakers *breakers, const struct host *host)
{
	struct err err;
	int64_t when_ns;
	char key[640];

	if (!breakers_explain(breakers, host->way, &err, &when_ns))
		return;
	warning_key(host, key, sizeof(key));
	warnings_set(breakers->o.warnings, key, NULL, false,
		"%s, what needs it waits until then", err.text);
}

/* ---- asking ---- */

enum breaker_pass breakers_look(const struct breakers *breakers, const char *way)
{
	const struct host *host = find(breakers, way);

	return host ? breaker_look(&host->breaker, clock_system.mono_ms()) : BREAKER_GO;
}

enum breaker_pass breakers_begin(struct breakers *breakers, const char *way)
{
	struct host *host = find(breakers, way);
	enum breaker_pass pass;

	if (!host)
		return BREAKER_GO;
	pass = breaker_begin(&host->breaker, clock_system.mono_ms());
	if (pass == BREAKER_PROBE)
		metric_add(METRIC_HOST_MOVES, "probed", 1);
	return pass;
}

int64_t breakers_wait_ms(const struct breakers *breakers, const char *way)
{
	const struct host *host = find(breakers, way);
	int64_t left_ms;

	if (!host || host->breaker.state == BREAKER_CLOSED)
		return 0;
	if (host->breaker.state == BREAKER_PROBING)
		return PROBING_MS;
	left_ms = host->breaker.again_ms - clock_system.mono_ms();
	return left_ms > 0 ? left_ms : 0;
}

static void answered(struct breakers *breakers, struct host *host)
{
	if (breaker_answered(&host->breaker)) {
		metric_add(METRIC_HOST_MOVES, "closed", 1);
		let_go(breakers, host->way, 0);
	}
	forget(breakers, host);
}

static void failed(struct breakers *breakers, struct host *host, enum breaker_pass pass,
	uint64_t subject, const struct err *err)
{
	bool first = host->breaker.state == BREAKER_CLOSED;

	snprintf(host->why, sizeof(host->why), "%.*s",
		(int)utf8_trim(err->text, strnlen(err->text, sizeof(host->why) - 1)),
		err->text);
	if (!breaker_failed(&host->breaker, pass, subject, err->no_answer,
		    &breakers->limits, clock_system.mono_ms(), random_u64()))
		return;
	metric_add(METRIC_HOST_MOVES, first ? "opened" : "reopened", 1);
	count_down(breakers);
	host->let_ms = 0;
	warn(breakers, host);
}

static void postponed(struct breakers *breakers, struct host *host,
	enum breaker_pass pass, const struct err *err)
{
	breaker_postponed(
		&host->breaker, pass, err->retry_after_ms, clock_system.mono_ms());
	host->let_ms = 0;
	warn(breakers, host);
}

void breakers_tell(struct breakers *breakers, const char *way, enum breaker_pass pass,
	uint64_t subject, const struct err *err)
{
	struct host *host = find(breakers, way);

	switch (err->class) {
	case ERR_NONE:
	case ERR_STALE:
	case ERR_NOT_YET:
	case ERR_AUTH:
	case ERR_NOT_FOUND:
	case ERR_EXISTS:
		if (host)
			answered(breakers, host);
		break;
	case ERR_TRANSIENT:
		if (way && !host && err->retry_after_ms == 0)
			host = obtain(breakers, way);
		if (host && err->retry_after_ms > 0)
			postponed(breakers, host, pass, err);
		else if (host)
			failed(breakers, host, pass, subject, err);
		break;
	case ERR_PERMANENT: /* refused on this side as well as on the other */
	case ERR_LOCAL:
	case ERR_NO_ROOM:
	case ERR_CANCELLED:
	case ERR_INPUT:
	case ERR_CLASSES:
		if (host)
			breaker_dropped(&host->breaker, pass);
		break;
	}
}

/* ---- time ---- */

struct letting {
	struct breakers *breakers;
	char *way;
};

/* No asset rests for it. An API is tried with the next asset that is due; any other
 * host when it is needed again, and until then it concerns nobody. */
static void nobody_rests(struct breakers *breakers, struct host *host)
{
	if (breaker_look(&host->breaker, clock_system.mono_ms()) != BREAKER_PROBE)
		return;
	if (breakers->o.holds(breakers->o.arg, host->way))
		host->let_ms = INT64_MAX;
	else
		forget(breakers, host);
}

static void on_let_one(void *arg, const struct err *err, size_t count)
{
	struct letting *letting = arg;
	struct breakers *breakers = letting->breakers;
	struct host *host = breakers->gone ? NULL : find(breakers, letting->way);

	if (host && err->class == ERR_NONE && count == 0)
		nobody_rests(breakers, host);
	free(letting->way);
	free(letting);
	if (!breakers->gone)
		breakers->o.changed(breakers->o.arg);
	settle(breakers);
}

static void let_one(struct breakers *breakers, struct host *host)
{
	struct letting *letting = mem_alloc(sizeof(*letting));

	letting->breakers = breakers;
	letting->way = mem_strdup(host->way);
	breakers->asked++;
	store_host_answers(breakers->o.store, host->way, 1, on_let_one, letting);
}

int64_t breakers_turn(struct breakers *breakers)
{
	int64_t now_ms = clock_system.mono_ms(), soonest_ms = -1;

	for (size_t i = 0; i < breakers->count; i++) {
		struct host *host = &breakers->hosts[i];
		int64_t at_ms = host->breaker.again_ms;

		if (host->breaker.state != BREAKER_OPEN || host->let_ms == INT64_MAX)
			continue;
		if (at_ms < host->let_ms)
			at_ms = host->let_ms;
		if (at_ms <= now_ms) {
			let_one(breakers, host);
			host->let_ms = now_ms + host->breaker.delay_ms + NEXT_PROBE_MS;
			at_ms = host->let_ms;
		}
		if (soonest_ms < 0 || at_ms - now_ms < soonest_ms)
			soonest_ms = at_ms - now_ms;
	}
	return soonest_ms;
}

void breakers_hurry(struct breakers *breakers)
{
	for (size_t i = 0; i < breakers->count; i++) {
		breaker_hurry(&breakers->hosts[i].breaker, clock_system.mono_ms());
		breakers->hosts[i].let_ms = 0;
	}
}

/* ---- life ---- */

struct breakers *breakers_new(const struct breakers_options *options)
{
	struct breakers *breakers = mem_alloc(sizeof(*breakers));

	breakers->o = *options;
	breakers->asked = 1; /* given up by breakers_free() */
	return breakers;
}

static void forget_all(struct breakers *breakers)
{
	while (breakers->count > 0)
		forget(breakers, &breakers->hosts[breakers->count - 1]);
	free(breakers->hosts);
	breakers->hosts = NULL;
}

void breakers_reset(struct breakers *breakers, const struct config *config)
{
	breakers->limits = (struct breaker_limits){
		.min_ms = config->transfer.retry_min_ms,
		.max_ms = config->transfer.retry_max_ms < DELAY_MOST_MS
				  ? config->transfer.retry_max_ms
				  : DELAY_MOST_MS,
	};
	forget_all(breakers);
	let_go(breakers, NULL, 0);
}

void breakers_free(struct breakers *breakers)
{
	if (!breakers)
		return;
	forget_all(breakers);
	breakers->gone = true;
	settle(breakers);
}

/* ---- ways ---- */

/* ":8080" of a URL that names a port, "" otherwise. */
static void port_of(const char *url, char *out, size_t size)
{
	const char *authority = strstr(url, "://");
	const char *end, *colon = NULL;

	out[0] = '\0';
	if (!authority)
		return;
	authority += strlen("://");
	end = authority + strcspn(authority, "/?#");
	for (const char *c = authority; c < end; c++) {
		if (*c == ':')
			colon = c;
		else if (*c == ']' || *c == '@')
			colon = NULL;
	}
	if (colon)
		snprintf(out, size, "%.*s", (int)(end - colon), colon);
}

static bool place_of(const char *url, char *out, size_t size)
{
	char host[256], port[16];

	if (http_url_host(url, host, sizeof(host), NULL))
		return false;
	port_of(url, port, sizeof(port));
	snprintf(out, size, "%s%s", host, port);
	return true;
}

char *breakers_way(const char *url, const char *proxy)
{
	char place[300], by[300];
	char *proxy_url;

	if (!url || !place_of(url, place, sizeof(place)))
		return NULL;
	if (!proxy || !*proxy)
		return mem_strdup(place);
	/* A proxy may have any scheme or none; its name and password stay out. */
	const char *scheme = strstr(proxy, "://");
	proxy_url = mem_printf("http://%s", scheme ? scheme + strlen("://") : proxy);
	if (!place_of(proxy_url, by, sizeof(by)))
		snprintf(by, sizeof(by), "a proxy");
	free(proxy_url);
	return mem_printf("%s via %s", place, by);
}
