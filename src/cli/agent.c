/*
 * Start, reload, stop. The only place that names every module; it decides nothing itself.
 *
 * Stopping: receivers take no new connection ► pending deliveries are answered ► looks are
 * saved and transfers parked ► workers join ► the store commits and closes ► the loop is
 * empty. Each arrow is a callback; nothing is left to exit(3).
 */
#include <config.h>

#include "cli/agent.h"

#include "admin/admin.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cli/config_load.h"
#include "flow/intake.h"
#include "flow/keeper.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/systemd.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_MAX         (1u << 20)
#define HOUSEKEEP_MS    60000
#define LAG_MS          500
#define DRAIN_MS        3000 /* for pending answers at the end */
#define LISTENERS_MAX   16
#define TRASH_PURGE_MAX 500

struct agent {
	uv_loop_t loop;
	char *config_path;
	int verbosity;
	struct settings *settings;
	struct warnings *warnings;
	struct store *store;
	struct archive *archive;
	char archive_id[33];
	struct transfers *transfers;
	struct http_client *client;
	struct keeper *keeper;
	struct intake *intake;
	struct admin *admin;
	struct http_server *receivers[LISTENERS_MAX], *admin_unix, *admin_tcp;
	int n_receivers;
	uv_signal_t sigterm, sigint, sighup;
	uv_timer_t housekeeping, lag, drain, watchdog;
	int64_t lag_at_ms, stopping_at_ms;
	uv_work_t reload_work, purge_work;
	bool reloading, purging;
	struct config *reloaded;
	struct config_notes reload_notes;
	char purge_before[32];
	bool stopping;
	int servers_open, closing;
	int status;
};

/* ---- configuration ---- */

static void configure_log(const struct agent *agent, const struct config *config)
{
	enum log_level level = config->agent.log_level;

	if (agent->verbosity > 0)
		level = LOG_LEVEL_DEBUG;
	else if (agent->verbosity < 0)
		level = LOG_LEVEL_WARN;
	log_configure(level, config->agent.log_format);
}

static void tell_notes(const struct config_notes *notes, bool to_log)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct config_note *note = &notes->notes[i];

		if (to_log)
			log_write(note->warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, NULL, "%s",
				note->text);
		else
			fprintf(stderr, "%s%s\n", note->warning ? "warning: " : "",
				note->text);
	}
}

static void transfer_options(const struct agent *agent, const struct config *config,
	struct transfers_options *out)
{
	*out = (struct transfers_options){
		.archive = agent->archive,
		.threads = config->transfer.threads,
		.per_host = config->transfer.per_host,
		.user_agent = config->transfer.user_agent,
		.connect_timeout_ms = config->transfer.connect_timeout_ms,
		.low_speed_bytes = config->transfer.low_speed_bytes,
		.low_speed_ms = config->transfer.low_speed_ms,
	};
}

/* What only a restart can change; the running values stay until then. */
static void tell_fixed(const struct config *now, const struct config *next)
{
	if (strcmp(now->agent.archive_dir, next->agent.archive_dir) != 0 ||
		strcmp(now->agent.state, next->agent.state) != 0 ||
		strcmp(now->admin.socket, next->admin.socket) != 0)
		log_warn(NULL, "archive_dir, state and the admin socket change with a restart "
			       "only; the present ones stay in use");
	if (now->receiver.listen.count != next->receiver.listen.count)
		log_warn(NULL, "receiver listen changes with a restart only");
}

static void apply_reload(struct agent *agent)
{
	struct settings *settings;
	struct transfers_options options;
	struct err err = { 0 };

	if (settings_new(agent->reloaded, &settings, &err) < 0) {
		log_error(NULL, "the new configuration is not usable (%s): the old one stays",
			err.text);
		config_free(agent->reloaded);
		return;
	}
	tell_fixed(agent->settings->config, settings->config);
	transfer_options(agent, settings->config, &options);
	transfers_configure(agent->transfers, &options);
	keeper_reload(agent->keeper, settings);
	intake_reload(agent->intake, settings);
	settings_unref(agent->settings);
	agent->settings = settings;
	configure_log(agent, settings->config);
	warnings_clear(agent->warnings, "config");
	log_info(NULL, "the configuration has been reloaded: %zu workspaces, %zu rules",
		settings->config->n_workspaces, settings->config->n_rules);
}

static void reload_read(uv_work_t *work)
{
	struct agent *agent = container_of(work, struct agent, reload_work);

	agent->reloaded = NULL;
	config_load(agent->config_path, &agent->reloaded, &agent->reload_notes);
}

static void reload_done(uv_work_t *work, int status)
{
	struct agent *agent = container_of(work, struct agent, reload_work);

	(void)status;
	agent->reloading = false;
	tell_notes(&agent->reload_notes, true);
	if (agent->reloaded && !agent->stopping) {
		apply_reload(agent);
	} else if (agent->reloaded) {
		config_free(agent->reloaded);
	} else {
		warnings_set(agent->warnings, "config", NULL, false,
			"%s has %zu errors: the configuration read before stays in force",
			agent->config_path, agent->reload_notes.errors);
	}
	config_notes_release(&agent->reload_notes);
	if (!agent->stopping)
		systemd_notify("READY=1");
}

static void on_reload(uv_signal_t *handle, int number)
{
	struct agent *agent = handle->data;
	char state[96];

	(void)number;
	if (agent->reloading || agent->stopping)
		return;
	agent->reloading = true;
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)(uv_hrtime() / 1000));
	systemd_notify(state);
	memset(&agent->reload_notes, 0, sizeof(agent->reload_notes));
	uv_queue_work(&agent->loop, &agent->reload_work, reload_read, reload_done);
}

/* ---- housekeeping ---- */

static void purge(uv_work_t *work)
{
	struct agent *agent = container_of(work, struct agent, purge_work);
	struct err err = { 0 };
	int removed = 0;

	if (archive_check(agent->archive, agent->archive_id, &err) == 0)
		archive_trash_purge(agent->archive, agent->purge_before, TRASH_PURGE_MAX,
			&removed, &err);
	if (err.class != ERR_NONE)
		log_warn(NULL, "the trash could not be purged: %s; tried again", err.text);
	else if (removed > 0)
		log_info(NULL, "%d files older than %s left the trash for good", removed,
			agent->purge_before);
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

/* The trash is one for all workspaces: the longest trash_days counts. */
static void start_purge(struct agent *agent)
{
	const struct config *config = agent->settings->config;
	int days = 0;

	for (size_t i = 0; i < config->n_workspaces; i++)
		if (config->workspaces[i].trash_days > days)
			days = config->workspaces[i].trash_days;
	if (agent->purging)
		return;
	time_format_utc(
		clock_system.wall_ns() - (int64_t)days * 86400 * NS_PER_S, agent->purge_before);
	agent->purge_before[10] = '\0';
	agent->purging = true;
	uv_queue_work(&agent->loop, &agent->purge_work, purge, purge_done);
}

static void on_housekeeping(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	int64_t keep_ms = agent->settings->config->agent.events_keep_ms;

	store_prune(agent->store, clock_system.wall_ns() - keep_ms * NS_PER_MS, on_pruned, NULL);
	start_purge(agent);
}

static void on_lag(uv_timer_t *timer)
{
	struct agent *agent = timer->data;
	int64_t now_ms = clock_system.mono_ms();
	double lag = (double)(now_ms - agent->lag_at_ms - LAG_MS) / 1000.0;

	agent->lag_at_ms = now_ms;
	metric_set(METRIC_LOOP_LAG, NULL, lag > 0 ? lag : 0);
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

static void on_server_closed(void *arg)
{
	struct agent *agent = arg;

	if (--agent->servers_open > 0)
		return;
	keeper_park(agent->keeper, on_parked, agent);
	/* Nobody waits for an answer of a platform any more. */
	http_client_close(agent->client, on_client_closed, agent);
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

	if (late || (intake_pending(agent->intake) == 0 && admin_pending(agent->admin) == 0))
		close_servers(agent);
}

static void stop(struct agent *agent)
{
	if (agent->stopping)
		return;
	agent->stopping = true;
	log_info(NULL, "stopping: downloads in flight are parked and go on after the next start");
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

/* ---- start ---- */

static int read_pem(const char *path, char **out, struct err *err)
{
	struct buf buf;

	*out = NULL;
	if (!path)
		return 0;
	buf_init(&buf, PEM_MAX);
	if (fs_read(path, PEM_MAX, &buf, err) < 0) {
		buf_release(&buf);
		return err_wrap(err, "cannot read the TLS certificate or key");
	}
	*out = buf_steal(&buf);
	return 0;
}

static int listen_receivers(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	struct http_server_handler handler = intake_handler(agent->intake);
	struct http_server_options options = {
		.listen_fd = -1,
		.unix_mode = 0666,
		.limits = http_server_default_limits,
	};
	char *cert, *key;
	int inherited = systemd_listen_fds();
	int r = read_pem(config->receiver.tls_cert, &cert, err);

	if (r < 0)
		return r;
	r = read_pem(config->receiver.tls_key, &key, err);
	options.tls_cert = cert;
	options.tls_key = key;
	for (int i = 0; r == 0 && i < inherited && i < LISTENERS_MAX; i++) {
		options.listen_fd = 3 + i;
		r = http_server_open(&agent->receivers[agent->n_receivers], &agent->loop,
			&options, &handler, err);
		agent->n_receivers += r == 0;
	}
	options.listen_fd = -1;
	for (size_t i = 0; r == 0 && !inherited && i < config->receiver.listen.count &&
			   i < LISTENERS_MAX; i++) {
		options.listen = config->receiver.listen.items[i];
		r = http_server_open(&agent->receivers[agent->n_receivers], &agent->loop,
			&options, &handler, err);
		agent->n_receivers += r == 0;
	}
	free(cert);
	mem_free_secret(key);
	return r;
}

static int listen_admin(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	struct http_server_handler handler = admin_unix_handler(agent->admin);
	char *listen = mem_printf("unix:%s", config->admin.socket);
	struct http_server_options options = {
		.listen = listen,
		.listen_fd = -1,
		.unix_mode = 0660,
		.limits = http_server_default_limits,
	};
	int r = http_server_open(
		&agent->admin_unix, &agent->loop, &options, &handler, err);

	free(listen);
	if (r < 0 || !config->admin.listen)
		return r;
	handler = admin_tcp_handler(agent->admin, config->admin.listen);
	options.listen = config->admin.listen;
	return http_server_open(&agent->admin_tcp, &agent->loop, &options, &handler, err);
}

static void on_meta_stored(void *arg, const struct err *err)
{
	(void)arg;
	if (err->class != ERR_NONE)
		log_error(NULL, "which archive is ours could not be stored: %s", err->text);
}

/* The first start makes (or adopts) the archive's marker and remembers it; from then on a
 * missing or other marker means that the archive is not mounted: the guard stops work. */
static int open_archive(struct agent *agent, struct err *err)
{
	const char *dir = agent->settings->config->agent.archive_dir;
	const char *known = store_meta(agent->store, "archive_id");
	int r;

	if (!known && mkdir(dir, 0750) < 0 && errno != EEXIST)
		return err_sys(err, ERR_LOCAL, errno, "cannot make archive_dir %s", dir);
	r = archive_open(&agent->archive, dir, err);
	if (r < 0)
		return r;
	if (known) {
		snprintf(agent->archive_id, sizeof(agent->archive_id), "%s", known);
		return 0;
	}
	r = archive_marker_read(agent->archive, agent->archive_id, err);
	if (r == -ERR_NOT_FOUND)
		r = archive_marker_create(agent->archive, agent->archive_id, err);
	if (r < 0)
		return r;
	store_put_meta(agent->store, "archive_id", agent->archive_id, on_meta_stored, NULL);
	return 0;
}

static int open_modules(struct agent *agent, struct err *err)
{
	const struct config *config = agent->settings->config;
	struct http_client_options client = {
		.user_agent = config->transfer.user_agent,
		.per_host = 8,
	};
	struct transfers_options transfers;
	struct keeper_options keeper = {
		.loop = &agent->loop,
		.warnings = agent->warnings,
		.settings = agent->settings,
		.archive_id = agent->archive_id,
	};
	struct intake_options intake = {
		.loop = &agent->loop,
		.warnings = agent->warnings,
		.settings = agent->settings,
		.archive_id = agent->archive_id,
	};
	struct admin_options admin = {
		.loop = &agent->loop,
		.warnings = agent->warnings,
		.version = PACKAGE_VERSION,
	};
	int r = store_open(&agent->store, &agent->loop, config->agent.state, err);

	if (r == 0)
		r = open_archive(agent, err);
	transfer_options(agent, config, &transfers);
	if (r == 0)
		r = transfers_open(&agent->transfers, &agent->loop, &transfers, err);
	if (r == 0)
		r = http_client_open(&agent->client, &agent->loop, &client, err);
	keeper.store = intake.store = admin.store = agent->store;
	keeper.archive = intake.archive = agent->archive;
	keeper.transfers = admin.transfers = agent->transfers;
	keeper.api = agent->client;
	if (r == 0)
		r = keeper_open(&agent->keeper, &keeper, err);
	intake.keeper = admin.keeper = agent->keeper;
	if (r == 0)
		r = intake_open(&agent->intake, &intake, err);
	if (r == 0)
		agent->admin = admin_new(&admin);
	if (r == 0)
		r = listen_admin(agent, err);
	if (r == 0)
		r = listen_receivers(agent, err);
	return r;
}

static void watch_signal(
	struct agent *agent, uv_signal_t *handle, int number, uv_signal_cb cb)
{
	uv_signal_init(&agent->loop, handle);
	handle->data = agent;
	uv_signal_start(handle, cb, number);
}

static void start_timer(struct agent *agent, uv_timer_t *timer, uv_timer_cb cb, int64_t ms)
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
	log_info(NULL, "vodkeep %s keeps %zu workspaces in %s; status page %s%s%s",
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
	archive_close(agent->archive);
	warnings_free(agent->warnings);
	settings_unref(agent->settings);
	free(agent->config_path);
	free(agent);
}

static int load_settings(struct agent *agent)
{
	struct config *config = NULL;
	struct config_notes notes = { 0 };
	struct err err = { 0 };
	int r = config_load(agent->config_path, &config, &notes);

	tell_notes(&notes, false);
	config_notes_release(&notes);
	if (r < 0)
		return r;
	r = settings_new(config, &agent->settings, &err);
	if (r < 0) {
		fprintf(stderr, "vodkeep: %s\n", err.text);
		config_free(config);
		return r;
	}
	configure_log(agent, config);
	return 0;
}

int agent_run(const char *config_path, int verbosity)
{
	struct agent *agent = mem_alloc(sizeof(*agent));
	struct err err = { 0 };
	int status;

	agent->config_path = mem_strdup(config_path);
	agent->verbosity = verbosity;
	if (load_settings(agent) < 0) {
		agent_free(agent);
		return 3;
	}
	signal(SIGPIPE, SIG_IGN);
	http_client_global_init();
	uv_loop_init(&agent->loop);
	agent->warnings = warnings_new();
	if (open_modules(agent, &err) < 0) {
		/* Nothing has been accepted yet: the system takes back what is open. */
		fprintf(stderr, "vodkeep: cannot start: %s\n", err.text);
		_exit(1);
	}
	watch_signal(agent, &agent->sigterm, SIGTERM, on_stop);
	watch_signal(agent, &agent->sigint, SIGINT, on_stop);
	watch_signal(agent, &agent->sighup, SIGHUP, on_reload);
	agent->lag_at_ms = clock_system.mono_ms();
	start_timer(agent, &agent->housekeeping, on_housekeeping, HOUSEKEEP_MS);
	start_timer(agent, &agent->lag, on_lag, LAG_MS);
	start_timer(agent, &agent->drain, NULL, 0);
	start_timer(agent, &agent->watchdog, on_watchdog, systemd_watchdog_ms());
	agent->servers_open = agent->n_receivers + 1 + (agent->admin_tcp != NULL);
	announce(agent);
	uv_run(&agent->loop, UV_RUN_DEFAULT);
	assert(agent->closing == 0);
	status = uv_loop_close(&agent->loop) == 0 ? 0 : 1;
	agent_free(agent);
	log_info(NULL, "stopped");
	return status;
}
