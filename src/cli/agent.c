/*
 * Start, run, stop. With agent_start.c and agent_reload.c the only place that names
 * every module; it decides nothing itself.
 *
 * Stopping: receivers take no new connection ► pending deliveries are answered ► looks
 * are saved and transfers parked ► workers join ► the store commits and closes ► the
 * loop is empty. Each arrow is a callback; nothing is left to exit(3).
 */
#include <config.h>

#include "cli/agent.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cli/agent_parts.h"
#include "io/systemd.h"
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUSEKEEP_MS    60000
#define HOUSEKEEP_FIRST 1000 /* also where an agent never lives a minute */
#define LAG_MS          500
#define DRAIN_MS        3000 /* for pending answers at the end */
#define TRASH_PURGE_MAX 500

/* ---- housekeeping ---- */

static void purge(uv_work_t *work)
{
	struct agent *agent = container_of(work, struct agent, purge_work);
	struct err err = { 0 };
	int removed = 0, capped = 0;

	if (archive_check(agent->archive, agent->archive_id, &err) == 0 &&
		(!agent->purge_before[0] ||
			archive_trash_purge(agent->archive, agent->purge_before,
				TRASH_PURGE_MAX, &removed, &err) == 0) &&
		agent->purge_over > 0)
		archive_trash_cap(agent->archive, agent->purge_over, TRASH_PURGE_MAX,
			&capped, &err);
	if (capped > 0)
		log_info(NULL,
			"%d files left the trash for good, which was larger than trash_max",
			capped);
	if (err.class != ERR_NONE)
		log_warn(NULL, "the trash could not be purged: %s; tried again",
			err.text);
	else if (removed > 0)
		log_info(NULL, "%d files older than %s left the trash for good",
			removed, agent->purge_before);
}

static void purge_done(uv_work_t *work, int status)
{
	(void)status;
	container_of(work, struct agent, purge_work)->purging = false;
}

static void on_pruned(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE)
		log_warn(NULL, "old deliveries could not be forgotten: %s; tried again",
			err->text);
}

/* The trash is one for all workspaces: the longest trash_days counts. Its age does not,
 * unless the clock is @trusted. */
static void start_purge(struct agent *agent, bool trusted)
{
	const struct config *config = agent->settings->config;
	int days = 0;

	for (size_t i = 0; i < config->n_workspaces; i++)
		if (config->workspaces[i].trash_days > days)
			days = config->workspaces[i].trash_days;
	if (agent->purging)
		return;
	time_format_utc(clock_system.wall_ns() - (int64_t)days * 86400 * NS_PER_S,
		agent->purge_before);
	agent->purge_before[trusted ? 10 : 0] = '\0';
	agent->purge_over = config->agent.trash_max;
	agent->purging = true;
	uv_queue_work(&agent->loop, &agent->purge_work, purge, purge_done);
}

static void on_clock_back(void *arg, const struct err *err, size_t count)
{
	struct agent *agent = arg;
	const struct config *config = agent->settings->config;

	if (err->class != ERR_NONE && err->class != ERR_CANCELLED)
		log_warn(NULL,
			"times from before the clock was set back could not be put right: "
			"%s; tried again",
			err->text);
	if (err->class != ERR_NONE || count == 0)
		return;
	log_warn(NULL,
		"the clock was ahead and has been set back: %zu assets bear times that "
		"have not come yet; these count as the present, and what waited for them "
		"goes on",
		count);
	courier_news(agent->courier);
	for (size_t i = 0; agent->keeper && i < config->n_workspaces; i++)
		keeper_news(agent->keeper, config->workspaces[i].name, 0, false);
}

static void on_housekeeping(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	int64_t keep_ms = agent->settings->config->agent.events_keep_ms;
	bool trusted = keeper_time_agrees(agent->keeper);

	store_clock_back(agent->store, on_clock_back, agent);
	if (trusted)
		store_prune(agent->store, clock_system.wall_ns() - keep_ms * NS_PER_MS,
			on_pruned, NULL);
	else
		log_debug(NULL, "no platform's clock agrees with ours: nothing is "
				"forgotten for its age");
	start_purge(agent, trusted);
	agent_watch(agent);
}

static void on_lag(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	int64_t now_ms = clock_system.mono_ms();
	double lag = (double)(now_ms - agent->lag_at_ms - LAG_MS) / 1000.0;

	agent->lag_at_ms = now_ms;
	metric_set(METRIC_LOOP_LAG, NULL, lag > 0 ? lag : 0);
	first_import_turn(&agent->first_import);
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	systemd_notify("WATCHDOG=1");
}

/* ---- stop ---- */

static void count_down(struct agent *agent)
{
	assert(agent->closing > 0);
	agent->closing--;
}

static void on_handle_closed(uv_handle_t *handle)
{
	count_down(handle->data);
}

static void close_handle(struct agent *agent, uv_handle_t *handle)
{
	agent->closing++;
	uv_close(handle, on_handle_closed);
}

static void on_store_closed(void *arg)
{
	struct agent *agent = arg;

	agent->store = NULL;
	close_handle(agent, (uv_handle_t *)&agent->sigterm);
	close_handle(agent, (uv_handle_t *)&agent->sigint);
	close_handle(agent, (uv_handle_t *)&agent->sighup);
	close_handle(agent, (uv_handle_t *)&agent->housekeeping);
	close_handle(agent, (uv_handle_t *)&agent->lag);
	close_handle(agent, (uv_handle_t *)&agent->drain);
	close_handle(agent, (uv_handle_t *)&agent->watchdog);
}

static void on_transfers_closed(void *arg)
{
	struct agent *agent = arg;

	agent->transfers = NULL;
	store_close(agent->store, on_store_closed, agent);
}

static void on_work_closed(struct agent *agent)
{
	if (!agent->client && !agent->keeper)
		transfers_close(agent->transfers, on_transfers_closed, agent);
}

static void on_client_closed(void *arg)
{
	struct agent *agent = arg;

	agent->client = NULL;
	on_work_closed(agent);
}

static void on_keeper_closed(void *arg)
{
	struct agent *agent = arg;

	agent->keeper = NULL;
	on_work_closed(agent);
}

static void on_parked(void *arg)
{
	struct agent *agent = arg;

	keeper_close(agent->keeper, on_keeper_closed, agent);
}

static void on_chores_closed(void *arg)
{
	struct agent *agent = arg;

	agent->chores = NULL;
	keeper_park(agent->keeper, on_parked, agent);
	/* Now, and not before: nobody asks a platform any more, nor waits for an
	 * answer.
	 */
	http_client_close(agent->client, on_client_closed, agent);
}

/* What is told from now on stays in the store. */
static void on_courier_closed(void *arg)
{
	struct agent *agent = arg;

	chores_close(agent->chores, on_chores_closed, agent);
}

static void on_scrub_closed(void *arg)
{
	struct agent *agent = arg;

	agent->scrub = NULL;
	courier_close(agent->courier, on_courier_closed, agent);
}

static void on_verifier_closed(void *arg)
{
	struct agent *agent = arg;

	agent->verifier = NULL;
	scrub_close(agent->scrub, on_scrub_closed, agent);
}

static void on_server_closed(void *arg)
{
	struct agent *agent = arg;

	if (--agent->servers_open > 0)
		return;
	intake_detach(agent->intake);
	admin_detach(agent->admin);
	verifier_close(agent->verifier, on_verifier_closed, agent);
}

static void close_servers(struct agent *agent)
{
	uv_timer_stop(&agent->drain);
	for (int i = 0; i < agent->n_receivers; i++)
		http_server_close(agent->receivers[i], on_server_closed, agent);
	http_server_close(agent->admin_unix, on_server_closed, agent);
	if (agent->admin_tcp)
		http_server_close(agent->admin_tcp, on_server_closed, agent);
}

static void on_drain(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	bool late = clock_system.mono_ms() - agent->stopping_at_ms > DRAIN_MS;

	if (late || (intake_pending(agent->intake) == 0 &&
			    admin_pending(agent->admin) == 0))
		close_servers(agent);
}

static void stop(struct agent *agent)
{
	if (agent->stopping)
		return;
	agent->stopping = true;
	log_info(NULL,
		"stopping: downloads in flight are parked and go on after the next start");
	systemd_notify("STOPPING=1");
	for (int i = 0; i < agent->n_receivers; i++)
		http_server_quiesce(agent->receivers[i]);
	uv_timer_stop(&agent->housekeeping);
	uv_timer_stop(&agent->lag);
	agent->stopping_at_ms = clock_system.mono_ms();
	uv_timer_start(&agent->drain, on_drain, 0, 10);
}

static void on_stop(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->data);
}

/* ---- run ---- */

static void on_reload(uv_signal_t *handle, int number)
{
	(void)number;
	agent_reload(handle->data);
}

static void watch_signal(
	struct agent *agent, uv_signal_t *handle, int number, uv_signal_cb cb)
{
	uv_signal_init(&agent->loop, handle);
	handle->data = agent;
	uv_signal_start(handle, cb, number);
}

static void start_timer(
	struct agent *agent, uv_timer_t *timer, uv_timer_cb cb, int64_t ms)
{
	uv_timer_init(&agent->loop, timer);
	timer->data = agent;
	if (ms > 0)
		uv_timer_start(timer, cb, (uint64_t)ms, (uint64_t)ms);
}

static void announce(const struct agent *agent)
{
	const struct config *config = agent->settings->config;

	for (int i = 0; i < agent->n_receivers; i++)
		log_info(NULL, "receiving deliveries at %s/hooks/WORKSPACE",
			http_server_address(agent->receivers[i]));
	log_info(NULL, "vodkeep %s keeps %zu workspaces in %s; dashboard %s%s%s",
		PACKAGE_VERSION, config->n_workspaces, config->agent.archive_dir,
		agent->admin_tcp ? "http://" : "off",
		agent->admin_tcp ? http_server_address(agent->admin_tcp) : "",
		agent->admin_tcp ? "/" : "");
	systemd_notify("READY=1\nSTATUS=Receiving deliveries");
}

static void agent_free(struct agent *agent)
{
	intake_close(agent->intake);
	admin_free(agent->admin);
	courier_free(agent->courier);
	archive_close(agent->archive);
	warnings_free(agent->warnings);
	settings_unref(agent->settings);
	settings_unref(agent->began);
	free(agent->config_path);
	free(agent);
}

int agent_run(const char *config_path, int verbosity)
{
	struct agent *agent = mem_alloc(sizeof(*agent));
	struct err err = { 0 };
	int status;

	agent->config_path = mem_strdup(config_path);
	agent->verbosity = verbosity;
	if (agent_load(agent) < 0) {
		agent_free(agent);
		return 3;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&agent->loop);
	agent->warnings = warnings_new();
	if (http_client_global_init(&err) < 0 || agent_open(agent, &err) < 0) {
		/* Nothing has been accepted yet: the system takes back what is open. */
		fprintf(stderr, "vodkeep: cannot start: %s\n", err.text);
		_exit(1);
	}
	watch_signal(agent, &agent->sigterm, SIGTERM, on_stop);
	watch_signal(agent, &agent->sigint, SIGINT, on_stop);
	watch_signal(agent, &agent->sighup, SIGHUP, on_reload);
	store_clock_back(agent->store, on_clock_back, agent);
	agent->lag_at_ms = clock_system.mono_ms();
	start_timer(agent, &agent->housekeeping, NULL, 0);
	uv_timer_start(
		&agent->housekeeping, on_housekeeping, HOUSEKEEP_FIRST, HOUSEKEEP_MS);
	start_timer(agent, &agent->lag, on_lag, LAG_MS);
	start_timer(agent, &agent->drain, NULL, 0);
	start_timer(agent, &agent->watchdog, on_watchdog, systemd_watchdog_ms());
	agent->servers_open = agent->n_receivers + 1 + (agent->admin_tcp != NULL);
	announce(agent);
	agent_watch_certificate(agent);
	agent_watch_hooks(agent);
	uv_run(&agent->loop, UV_RUN_DEFAULT);
	assert(agent->closing == 0);
	status = uv_loop_close(&agent->loop) == 0 ? 0 : 1;
	agent_free(agent);
	log_info(NULL, "stopped");
	return status;
}
