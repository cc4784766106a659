/*
 * One picture from bytes to its place:
 *
 *   name (loop) ► archive there and ours ► room ► kept, or there already ► prune (pool)
 *   ► warn or clear, tell (loop)
 *
 * Ends: kept; duplicate (the same bytes under the same name); lost (archive away, no
 * room, write error, or too many at once). Two pictures of one moment are both kept:
 * the second name ends in its hash, so that no header can make one picture hide
 * another.
 */
#include <config.h>

#include "flow/series.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/rule.h"
#include "core/template.h"
#include "flow/guard.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Streams whose turn for pruning is remembered; a forgotten one is pruned at once. */
#define STREAMS_MAX 256
/* What a sender's clock may say: after 2020, and at most a day ahead of ours. */
#define EARLIEST_NS (INT64_C(1577836800) * NS_PER_S)
#define AHEAD_NS    (INT64_C(86400) * NS_PER_S)
#define DATE_LEN    10

struct stream {
	char *dir;
	unsigned pictures;
};

struct series {
	struct series_options o;
	struct stream streams[STREAMS_MAX]; /* latest first */
	size_t n_streams;
	size_t pending;
};

/* A picture on its way. The pool has all of it between queueing and on_worked(). */
struct job {
	uv_work_t work;
	struct series *series;
	struct archive *archive;
	const char *archive_id;
	struct amount min_free;
	char *workspace, *dir;
	int64_t at_ns;
	void *data;
	size_t len;
	bool prune;
	series_cb cb;
	void *arg;
	/* Found out on the pool. */
	bool duplicate;
	int rc, prune_rc;
	struct err err, prune_err;
};

/* ---- names ---- */

static const char *stream_name(const char *stream_id)
{
	const char *slash = stream_id ? strchr(stream_id, '/') : NULL;

	return slash ? slash + 1 : stream_id ? stream_id : "";
}

static char *component(const char *text)
{
	char *safe = template_component(text, TEMPLATE_BASE_MAX);

	if (!*safe)
		mem_replace(&safe, "_");
	return safe;
}

/* Caller frees. */
static char *series_dir(const char *workspace, const char *stream_id)
{
	char *first = component(workspace);
	char *last = component(stream_name(stream_id));
	char *dir = mem_printf("%s/thumbnails/%s", first, last);

	free(first);
	free(last);
	return dir;
}

/* Up to 15 digits: more are no time of this era, and these fit when made nanoseconds.
 */
static bool parse_epoch_ms(const char *text, int64_t *ns)
{
	int64_t ms = 0;
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 15 || text[len])
		return false;
	for (size_t i = 0; i < len; i++)
		ms = ms * 10 + (text[i] - '0');
	return !__builtin_mul_overflow(ms, NS_PER_MS, ns);
}

/* The sender's time where it can be true, else ours. A mere date is no moment. */
static int64_t moment(const char *timestamp, int64_t now_ns)
{
	int64_t ns;

	if (!timestamp)
		return now_ns;
	if (!parse_epoch_ms(timestamp, &ns)) {
		size_t len = strlen(timestamp);

		if (len <= DATE_LEN || time_parse(timestamp, len, &ns, NULL) < 0)
			return now_ns;
	}
	return ns >= EARLIEST_NS && ns <= now_ns + AHEAD_NS ? ns : now_ns;
}

/* ---- on the pool ---- */

static int check_room(const struct job *job, struct err *err)
{
	char have[32], want[32];
	int64_t free_bytes, total_bytes, need;
	int rc = archive_space(job->archive, &free_bytes, &total_bytes, err);

	if (rc)
		return rc;
	need = guard_need(&job->min_free, total_bytes);
	if (free_bytes - (int64_t)job->len >= need)
		return 0;
	size_format_human(free_bytes, have);
	size_format_human(need, want);
	return err_set(err, ERR_LOCAL,
		"the archive's filesystem has %s free, and min_free keeps %s of it",
		have, want);
}

/* 0 when @rel is this picture; ERR_NOT_FOUND when nothing is there, ERR_EXISTS when
 * something else is. */
static int compare(
	const struct job *job, const char *rel, const char *sha256, struct err *err)
{
	char found[DIGEST_SHA256_HEX];
	int64_t size;
	int rc = archive_stat(job->archive, rel, &size, NULL, err);

	if (rc == 0 && size == (int64_t)job->len) {
		rc = archive_stat(job->archive, rel, &size, found, err);
		if (rc == 0 && strcmp(found, sha256) == 0)
			return 0;
	}
	if (rc == 0)
		rc = err_set(err, ERR_EXISTS, "%s is another picture", rel);
	else if (rc == -(int)ERR_PERMANENT) /* a directory, a symlink */
		rc = err_set(err, ERR_EXISTS, "%s", err->text);
	return rc;
}

/* As compare(), but nothing there becomes this picture. */
static int keep_as(struct job *job, const char *sha256, bool another)
{
	char name[ARCHIVE_SERIES_NAME];
	char *rel;
	int rc;

	archive_series_name(job->at_ns, another ? sha256 : NULL, name);
	rel = mem_printf("%s/%s", job->dir, name);
	rc = compare(job, rel, sha256, &job->err);
	if (rc == -(int)ERR_NOT_FOUND) {
		rc = archive_put(job->archive, rel, job->data, job->len, job->at_ns,
			false, &job->err);
		if (rc == -(int)ERR_EXISTS) { /* another delivery was faster */
			rc = compare(job, rel, sha256, &job->err);
			job->duplicate = rc == 0;
		}
	} else {
		job->duplicate = rc == 0;
	}
	free(rel);
	return rc;
}

static int keep(struct job *job)
{
	char sha256[DIGEST_SHA256_HEX];
	int rc = archive_check(job->archive, job->archive_id, &job->err);

	if (rc == 0)
		rc = check_room(job, &job->err);
	if (rc)
		return rc;
	sha256_hex_of(job->data, job->len, sha256);
	rc = keep_as(job, sha256, false);
	if (rc == -(int)ERR_EXISTS)
		rc = keep_as(job, sha256, true);
	/* Its name may have been given a moment ago and not be synced yet. */
	if (rc == 0 && job->duplicate)
		rc = archive_series_sync(job->archive, job->dir, &job->err);
	return rc;
}

static void on_work(uv_work_t *work)
{
	struct job *job = container_of(work, struct job, work);
	int removed;

	job->rc = keep(job);
	if (job->rc == 0 && job->prune)
		job->prune_rc = archive_series_prune(job->archive, job->dir,
			SERIES_KEEP, SERIES_PRUNE_MAX, &removed, &job->prune_err);
}

/* ---- on the loop ---- */

static void job_free(struct job *job)
{
	free(job->workspace);
	free(job->dir);
	free(job->data);
	free(job);
}

static void tell(const struct job *job)
{
	struct warnings *warnings = job->series->o.warnings;
	struct log_about about = { .workspace = job->workspace };

	if (job->rc)
		warnings_set(warnings, "series", job->workspace, false,
			"a thumbnail for %s is lost, answered 503, and not sent again by "
			"OptiView: %s",
			job->dir, job->err.text);
	else if (job->series->pending == 0)
		warnings_clear(warnings, "series");
	if (job->prune_rc)
		log_warn(&about,
			"the oldest thumbnails of %s could not be removed: %s; tried "
			"again after %d more",
			job->dir, job->prune_err.text, SERIES_PRUNE_EVERY);
}

static void on_worked(uv_work_t *work, int status)
{
	struct job *job = container_of(work, struct job, work);
	series_cb cb = job->cb;
	void *arg = job->arg;
	enum series_outcome outcome = job->rc          ? SERIES_LOST
				      : job->duplicate ? SERIES_DUPLICATE
						       : SERIES_KEPT;

	(void)status;
	job->series->pending--;
	tell(job);
	job_free(job);
	cb(arg, outcome);
}

/* Count a picture for @dir; whether it is time to prune. */
static bool count(struct series *series, const char *dir)
{
	struct stream stream;
	size_t at = 0;

	while (at < series->n_streams && strcmp(series->streams[at].dir, dir) != 0)
		at++;
	if (at < series->n_streams) {
		stream = series->streams[at];
	} else {
		stream = (struct stream){ .dir = mem_strdup(dir) };
		if (series->n_streams < STREAMS_MAX)
			series->n_streams++;
		else
			free(series->streams[--at].dir);
	}
	memmove(&series->streams[1], &series->streams[0], at * sizeof(stream));
	series->streams[0] = stream;
	return series->streams[0].pictures++ % SERIES_PRUNE_EVERY == 0;
}

bool series_wants(
	const struct config *config, const char *workspace, const char *stream_id)
{
	const struct rule *rule;
	struct facts facts;

	facts_init(&facts);
	facts.stream = mem_strdup(stream_name(stream_id));
	rule = rule_choose(config, workspace, &facts);
	facts_release(&facts);
	return rule->action == ACTION_ARCHIVE && (rule->fetch & FETCH_ALL_THUMBNAILS);
}

bool series_keep(struct series *series, const struct config *config,
	const char *workspace, const struct picture *picture, series_cb cb, void *arg)
{
	struct job *job;

	if (series->pending >= SERIES_IN_FLIGHT_MAX) {
		warnings_set(series->o.warnings, "series", workspace, false,
			"thumbnails arrive faster than the archive takes them (%d are "
			"being written): some are answered 503, and OptiView does not "
			"send them again",
			SERIES_IN_FLIGHT_MAX);
		return false;
	}
	job = mem_alloc(sizeof(*job));
	job->series = series;
	job->archive = series->o.archive;
	job->archive_id = series->o.archive_id;
	job->min_free = config->transfer.min_free;
	job->workspace = mem_strdup(workspace);
	job->dir = series_dir(workspace, picture->stream_id);
	job->at_ns = moment(picture->timestamp, clock_system.wall_ns());
	job->data = mem_alloc(picture->len); /* within max_image */
	memcpy(job->data, picture->data, picture->len);
	job->len = picture->len;
	job->prune = count(series, job->dir);
	job->cb = cb;
	job->arg = arg;
	series->pending++;
	uv_queue_work(series->o.loop, &job->work, on_work, on_worked);
	return true;
}

/* ---- life ---- */

struct series *series_new(const struct series_options *options)
{
	struct series *series = mem_alloc(sizeof(*series));

	series->o = *options;
	return series;
}

void series_free(struct series *series)
{
	if (!series)
		return;
	assert(series->pending == 0);
	for (size_t i = 0; i < series->n_streams; i++)
		free(series->streams[i].dir);
	free(series);
}

size_t series_pending(const struct series *series)
{
	return series->pending;
}
