/*
 * One run of a rule's program for an archived asset: the asset is read from the store,
 * what it is goes into the environment, the sidecar to standard input. The program is
 * not shut in: it is the operator's own, and does what it is there for.
 */
#include <config.h>

#include "flow/courier_parts.h"

#include "archive/sidecar.h"
#include "base/clock.h"
#include "base/mem.h"
#include "platform/platform.h"
#include <stdlib.h>
#include <string.h>

#define OUTPUT_KEPT   2048
#define STATUS_LATER  75 /* EX_TEMPFAIL of sysexits.h */
#define VARIABLES_MAX 24

struct environment {
	char *list[VARIABLES_MAX + 1];
	size_t n;
};

static void set(struct environment *env, const char *name, const char *value)
{
	env->list[env->n++] = mem_printf("VODKEEP_%s=%s", name, value ? value : "");
}

static void set_number(struct environment *env, const char *name, int64_t value)
{
	env->list[env->n++] = mem_printf("VODKEEP_%s=%lld", name, (long long)value);
}

/* Below the archive as a whole path; "" where there is none. */
static void set_path(struct environment *env, const char *name, const struct job *job,
	const struct file *file)
{
	const char *dir = job->settings->config->agent.archive_dir;
	env->list[env->n++] =
		file ? mem_printf("VODKEEP_%s=%s/%s", name, dir, file->path)
		     : mem_printf("VODKEEP_%s=", name);
}

static const struct file *file_of(const struct asset *asset, enum role role)
{
	for (size_t i = 0; i < asset->n_files; i++)
		if (asset->files[i].role == role)
			return &asset->files[i];
	return NULL;
}

static void make_environment(
	struct environment *env, const struct job *job, const struct asset *asset)
{
	const struct notice *notice = &job->notice;
	const struct file *main = file_of(asset, ROLE_VIDEO);
	char created[32] = "";
	if (!main)
		main = file_of(asset, ROLE_AUDIO);
	if (asset->facts.created_ns)
		time_format_utc(asset->facts.created_ns, created);
	set(env, "EVENT", notice->event);
	set(env, "CHANGE", notice->change);
	set(env, "RUN", notice->key);
	set_number(env, "ATTEMPT", notice->attempts + 1);
	set(env, "RULE", notice->rule);
	set(env, "WORKSPACE", asset->workspace);
	set(env, "PLATFORM", platform_of(job->ws->platform)->name);
	set(env, "ID", asset->id);
	set(env, "TITLE", asset->facts.title);
	set(env, "TYPE", asset->facts.type);
	set(env, "CREATED", created);
	set(env, "ARCHIVE_DIR", job->settings->config->agent.archive_dir);
	set_path(env, "PATH", job, main);
	set_path(env, "THUMBNAIL", job, file_of(asset, ROLE_THUMBNAIL));
	set_path(env, "SIDECAR", job, file_of(asset, ROLE_METADATA));
	set_number(env, "BYTES", main ? main->bytes : 0);
	set(env, "SHA256", main ? main->sha256 : NULL);
}

/* The story is told in lines: those of the output are joined. */
static char *printed(const char *output)
{
	size_t len = strlen(output);
	while (len && output[len - 1] == '\n')
		len--;
	char *text = len ? mem_printf("; it printed: %.*s", (int)len, output)
			 : mem_strdup("; it printed nothing");
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = '|';
	return text;
}

static void on_done(void *arg, const struct process_result *result)
{
	struct job *job = arg;
	job->process = NULL;
	if (result->end == PROCESS_CANCELLED) {
		job_stopped(job);
		return;
	}
	char *output = printed(result->output);
	char took[32];
	duration_format(result->took_ms, took);
	bool later = result->end == PROCESS_NOT_STARTED ||
		     (result->end == PROCESS_EXITED && result->status == STATUS_LATER);
	job_end(job,
		process_ok(result) ? JOB_DONE
		: later            ? JOB_AGAIN
				   : JOB_OVER,
		0, "%s after %s%s", result->text, took, output);
	free(output);
}

static void start(struct job *job, uv_loop_t *loop, const struct asset *asset,
	const char *sidecar)
{
	const char *argv[] = { job->rule->after, NULL };
	struct environment env = { 0 };
	make_environment(&env, job, asset);
	const struct process_options options = {
		.argv = argv,
		.env = (const char *const *)env.list,
		.input = sidecar,
		.input_len = strlen(sidecar),
		.keep_output = OUTPUT_KEPT,
		.errors_with_output = true,
		.timeout_ms = job->rule->after_timeout_ms,
	};
	struct err err = { 0 };
	if (process_start(&job->process, loop, &options, on_done, job, &err) != 0)
		job_end(job, JOB_AGAIN, 0, "%s", err.text);
	for (size_t i = 0; i < env.n; i++)
		free(env.list[i]);
}

struct loading {
	struct job *job;
	uv_loop_t *loop;
};

static void on_loaded(void *arg, const struct err *err, struct asset *asset)
{
	struct loading *loading = arg;
	struct job *job = loading->job;
	if (job->stopping) {
		job_stopped(job);
	} else if (!asset) {
		job_end(job, JOB_AGAIN, 0, "'%s' was not run: %s", job->rule->after,
			err->text);
	} else if (asset->state != ASSET_ARCHIVED) {
		job_end(job, JOB_MOOT, 0,
			"'%s' was not run: it is not archived any more",
			job->rule->after);
	} else {
		char *sidecar =
			sidecar_text(asset, platform_of(job->ws->platform)->name);
		start(job, loading->loop, asset, sidecar);
		free(sidecar);
	}
	asset_free(asset);
	free(loading);
}

void job_run(struct job *job, uv_loop_t *loop)
{
	struct loading *loading = mem_alloc(sizeof(*loading));
	loading->job = job;
	loading->loop = loop;
	store_load(job->store, job->notice.asset, on_loaded, loading);
}
