/*
 * Reading the configuration again (SIGHUP) without dropping work: an invalid new file
 * keeps the old configuration and says why.
 */
#include <config.h>

#include "cli/agent_parts.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/config_load.h"
#include "io/systemd.h"
#include <stdio.h>
#include <string.h>

void agent_configure_log(const struct agent *agent, const struct config *config)
{
	enum log_level level = config->agent.log_level;

	if (agent->verbosity > 0)
		level = LOG_LEVEL_DEBUG;
	else if (agent->verbosity < 0)
		level = LOG_LEVEL_WARN;
	log_configure(level, config->agent.log_format);
}

void agent_tell_notes(const struct config_notes *notes, bool to_log)
{
	for (size_t i = 0; i < notes->count; i++) {
		const struct config_note *note = &notes->notes[i];

		if (to_log)
			log_write(note->warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
				NULL, "%s", note->text);
		else
			fprintf(stderr, "%s%s\n", note->warning ? "warning: " : "",
				note->text);
	}
}

void agent_transfer_options(const struct agent *agent, const struct config *config,
	struct transfers_options *out)
{
	*out = (struct transfers_options){
		.archive = agent->archive,
		.threads = config->transfer.threads,
		.per_host = config->transfer.per_host,
		.segments = config->transfer.segments,
		.segment_min = config->transfer.segment_min,
		.user_agent = config->transfer.user_agent,
		.connect_timeout_ms = config->transfer.connect_timeout_ms,
		.low_speed_bytes = config->transfer.low_speed_bytes,
		.low_speed_ms = config->transfer.low_speed_ms,
	};
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(const struct text_list *a, const struct text_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

/* What only a restart can change; the running values stay until then. */
static void tell_fixed(
	struct agent *agent, const struct config *began, const struct config *next)
{
	const struct {
		const char *name;
		bool same;
	} fixed[] = {
		{ "archive_dir",
			same(began->agent.archive_dir, next->agent.archive_dir) },
		{ "state", same(began->agent.state, next->agent.state) },
		{ "receiver listen",
			same_list(&began->receiver.listen, &next->receiver.listen) },
		{ "tls_cert", same(began->receiver.tls_cert, next->receiver.tls_cert) },
		{ "tls_key", same(began->receiver.tls_key, next->receiver.tls_key) },
		{ "admin socket", same(began->admin.socket, next->admin.socket) },
		{ "admin listen", same(began->admin.listen, next->admin.listen) },
		{ "threads", began->transfer.threads == next->transfer.threads },
	};
	struct buf names;

	buf_init(&names, 256);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (!fixed[i].same)
			buf_printf(
				&names, "%s%s", names.len ? ", " : "", fixed[i].name);
	if (names.len)
		warnings_set(agent->warnings, "restart", NULL, false,
			"changed in %s, but the agent goes on as it was started: %s; restart "
			"it for that",
			agent->config_path, buf_text(&names));
	else
		warnings_clear(agent->warnings, "restart");
	buf_release(&names);
}

static void apply_reload(struct agent *agent)
{
	struct settings *settings;
	struct transfers_options options;
	struct err err = { 0 };

	if (settings_new(agent->reloaded, &settings, &err) < 0) {
		log_error(NULL,
			"the new configuration is not usable (%s): the old one stays",
			err.text);
		config_free(agent->reloaded);
		return;
	}
	tell_fixed(agent, agent->began->config, settings->config);
	agent_transfer_options(agent, settings->config, &options);
	transfers_configure(agent->transfers, &options);
	transfers_limit(agent->transfers, settings->config);
	keeper_reload(agent->keeper, settings);
	courier_reload(agent->courier, settings);
	intake_reload(agent->intake, settings);
	settings_unref(agent->settings);
	agent->settings = settings;
	agent_configure_log(agent, settings->config);
	agent_watch_hooks(agent);
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
	agent_tell_notes(&agent->reload_notes, true);
	if (agent->reloaded && !agent->stopping) {
		apply_reload(agent);
	} else if (agent->reloaded) {
		config_free(agent->reloaded);
	} else {
		warnings_set(agent->warnings, "config", NULL, false,
			"%s has %zu error%s: the configuration read before stays in force",
			agent->config_path, agent->reload_notes.errors,
			agent->reload_notes.errors == 1 ? "" : "s");
	}
	config_notes_release(&agent->reload_notes);
	if (agent->stopping)
		return;
	systemd_notify("READY=1");
	if (agent->reload_again)
		agent_reload(agent);
}

void agent_reload(struct agent *agent)
{
	char state[96];

	/* The file may have changed after the reload under way has read it. */
	agent->reload_again = agent->reloading;
	if (agent->reloading || agent->stopping)
		return;
	agent->reloading = true;
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)(uv_hrtime() / 1000));
	systemd_notify(state);
	memset(&agent->reload_notes, 0, sizeof(agent->reload_notes));
	uv_queue_work(&agent->loop, &agent->reload_work, reload_read, reload_done);
}
